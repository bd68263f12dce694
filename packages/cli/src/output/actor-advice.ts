import type { ActorEntry, ActorsReport, NodeActors } from '../gateway-client/actors-report.ts';
import { printable } from './figures.ts';

/** Largest number of actors or nodes that one sentence names. */
const maxNamed = 3;

interface Finding {
  readonly node: NodeActors;
  readonly actor: ActorEntry;
}

/**
 * Explains each kind of fault in the report and what to do about it, in one or two sentences. Empty without a fault.
 * Pure.
 */
export function actorAdvice({ nodes }: ActorsReport): string[] {
  const all = nodes.flatMap((node) => node.actors.map((actor) => ({ node, actor })));
  const parked = all.filter(({ actor }) => actor.state === 'parked');
  const restarting = all.filter(({ actor }) => actor.state === 'restarting');
  const full = all.filter(({ actor }) => actor.mailboxDepth * 2 > actor.mailboxCapacity);
  const silent = nodes.filter(
    ({ silence }) => silence?.code === 'no-answer' || silence?.code === 'not-there',
  );
  const isCutOff = nodes.some(({ silence }) => silence?.code === 'bus-unavailable');
  const advice: string[] = [];
  if (parked.length > 0)
    advice.push(
      `parked: ${named(parked)}: failed more often than its supervisor allows, and stays down while its siblings go on. ` +
        `Correct the cause of its last failure, then restart ${processes(parked)}.`,
    );
  if (restarting.length > 0)
    advice.push(
      `restarting: ${named(restarting)}: comes back by itself after a pause; if it fails too often, it is parked or its ` +
        `supervisor fails too. Its last failure has the reason.`,
    );
  if (full.length > 0)
    advice.push(
      `mailbox more than half full: ${named(full)}: messages come faster than they are handled; when the mailbox is full, further ones ` +
        `are refused or dropped. "drover actors --watch" shows whether it gets shorter.`,
    );
  if (silent.length > 0)
    advice.push(
      `no answer: ${list(silent.map(({ id }) => id))}: drover up restarts a process that has ended; a frozen process ` +
        `must be ended by hand (kill its pid). "drover doctor" checks the other parts.`,
    );
  if (isCutOff)
    advice.push(
      'no bus: the gateway is not connected to NATS and shows only its own actors; it reconnects by itself when NATS ' +
        'is back. "drover doctor" checks NATS.',
    );
  return advice.map(printable);
}

function named(findings: readonly Finding[]): string {
  return list(findings.map(({ node, actor }) => `${node.id} ${actor.path}`));
}

/** The processes of the actors, with how to restart each. */
function processes(findings: readonly Finding[]): string {
  const ids = [
    ...new Set(
      findings.map(
        ({ node }) => `${node.id} (end pid ${node.pid}; drover up restarts the processes that it started)`,
      ),
    ),
  ];
  return list(ids);
}

function list(names: readonly string[]): string {
  const rest = names.length - maxNamed;
  return names.slice(0, maxNamed).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
