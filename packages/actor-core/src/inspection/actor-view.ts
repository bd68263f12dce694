import type { Inspected } from './relevance.ts';
import type { ActorView, FailureView } from './inspection.ts';

export interface ViewFacts {
  readonly children: number;
  readonly messagesPerSecond: number | undefined;
  readonly uptimeMs: number;
}

/** An actor as shown to people. */
export function actorView(actor: Inspected, facts: ViewFacts): ActorView {
  const { path, incarnation, mailbox } = actor;
  const rate = facts.messagesPerSecond;
  return {
    path,
    parent: path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : null,
    state: actor.state === 'stopped' ? 'stopping' : actor.state,
    mailboxDepth: mailbox.depth,
    mailboxCapacity: mailbox.capacity,
    restarts: incarnation - 1,
    incarnation,
    processed: actor.processed,
    messagesPerSecond: rate === undefined ? null : Math.round(rate * 100) / 100,
    uptimeMs: Math.round(facts.uptimeMs),
    children: facts.children,
    lastFailure: failureOf(actor),
  };
}

function failureOf({ lastFailure }: Inspected): FailureView | null {
  if (lastFailure === undefined) return null;
  const { code, text, atMs } = lastFailure;
  return { code, message: text, atMs };
}
