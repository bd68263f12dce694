import {
  type ActorRef,
  type Props,
  props,
  receive,
  StreamFailedError,
  type StreamFrame,
  type StreamWriter,
} from '@drover/actor-core';
import { type ClusterNode, senderRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { RequestFailure } from '../errors.ts';
import type { KeptHead, KeptStream } from './kept-stream.ts';
import type { KeptStreams, Owner } from './kept-streams.ts';

/** Asks another gateway for a kept answer, from a unit on. Fields may be added, never removed. */
interface KeptQuestion extends Owner {
  readonly requestId: string;
  readonly from: number;
  readonly replyTo: ActorRef<StreamFrame<KeptPart>>;
}

/** What follows: first the head, then text. */
export type KeptPart = { readonly head: KeptHead } | { readonly text: string };

/** Path of the actor on each gateway. */
const path = 'kept-streams';
const openMs = 5_000;
const notKeptCode = 'stream-not-found';
const questionSchema: z.ZodType<KeptQuestion> = z.object({
  requestId: z.string().max(100),
  keyId: z.string(),
  tenant: z.string(),
  from: z.int().min(0),
  replyTo: senderRefSchema<StreamFrame<KeptPart>>(),
});

/** Lets other gateways read the answers that are kept here. */
export function serveKept(node: ClusterNode, streams: KeptStreams): ActorRef<never> {
  return node.system.spawn(keptProps(streams), path);
}

function keptProps(streams: KeptStreams): Props<KeptQuestion> {
  const behaviour = receive<KeptQuestion>(({ requestId, from, replyTo, ...owner }, context) => {
    void write(context.openStream<KeptPart>(replyTo), readKept(streams, requestId, owner, from));
  });
  return props(() => behaviour, { restart: 'permanent', protocol: questionSchema });
}

async function write(writer: StreamWriter<KeptPart>, reading: KeptReading | undefined): Promise<void> {
  if (reading === undefined) return writer.fail(notKeptCode, 'this gateway keeps no such answer');
  writer.signal.addEventListener('abort', () => reading.leave(), { once: true });
  try {
    for await (const part of reading.parts) await writer.write(part);
    writer.end();
  } catch {
    // The reader has gone.
  } finally {
    reading.leave();
  }
}

/** A kept answer that somebody reads. */
export interface KeptReading {
  readonly parts: AsyncIterable<KeptPart>;
  /** Called when the reader leaves, also at the end. */
  leave(): void;
}

/** A kept answer of this gateway; undefined where it is not kept, or not from that unit on. */
export function readKept(
  streams: KeptStreams,
  requestId: string,
  owner: Owner,
  from: number,
): KeptReading | undefined {
  const kept = streams.find(requestId, owner);
  if (kept?.stream.has(from) !== true) return undefined;
  return { parts: partsOf(kept.stream, from), leave: kept.attach() };
}

async function* partsOf(stream: KeptStream, from: number): AsyncGenerator<KeptPart> {
  const head = await stream.head();
  if (head === undefined) return;
  yield { head };
  for await (const text of stream.read(from)) yield { text };
}

/**
 * A kept answer of whichever other gateway has it; undefined where all say that they have it not.
 *
 * @throws RequestFailure 503 where one that may have it does not answer
 */
export async function readElsewhere(
  node: ClusterNode,
  requestId: string,
  owner: Owner,
  from: number,
  mayHave: (gateway: string) => boolean = () => true,
): Promise<KeptReading | undefined> {
  const others = node.presence
    .members()
    .filter(
      ({ node: name, roles, state }) =>
        name !== node.nodeId && roles.includes('gateway') && state === 'alive' && mayHave(name),
    );
  const asked = others.map((member) => readAt(node, member.node, { requestId, ...owner, from }));
  const found = await Promise.any(asked).catch(() => undefined);
  if (found !== undefined) return found;
  const answers = await Promise.allSettled(asked);
  if (answers.every((answer) => answer.status === 'rejected' && isNotKept(answer.reason))) return undefined;
  const message = 'a gateway that may keep the answer does not answer';
  throw new RequestFailure(503, 'gateway-unanswered', message, { retryAfterMs: 1_000 });
}

function isNotKept(error: unknown): boolean {
  return error instanceof StreamFailedError && error.reason === notKeptCode;
}

/** @throws StreamFailedError and others where that gateway does not keep it, or does not answer */
async function readAt(
  { system }: ClusterNode,
  gateway: string,
  question: Omit<KeptQuestion, 'replyTo'>,
): Promise<KeptReading> {
  const parts = system.askStream<KeptQuestion, KeptPart>(
    system.refFor<KeptQuestion>(gateway, path),
    (replyTo) => ({ ...question, replyTo }),
    { timeoutMs: openMs, window: 16 },
  );
  const first = await parts.next();
  return { parts: after(first, parts), leave: () => void parts.return?.() };
}

async function* after(
  first: IteratorResult<KeptPart, undefined>,
  rest: AsyncIterable<KeptPart>,
): AsyncGenerator<KeptPart> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
