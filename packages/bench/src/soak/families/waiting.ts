import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorRef, props, receive, RequestTimeoutError } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type Place } from '../family.ts';

const wait = z.object({
  kind: z.literal('wait'),
  seq: z.number().int(),
  delayMs: z.number(),
  replyTo: actorRefSchema<number>(),
});
const message = z.discriminatedUnion('kind', [
  wait,
  wait.extend({ kind: z.literal('due') }),
  wait.extend({ kind: z.literal('never') }),
]);
type Message = z.infer<typeof message>;

const hourMs = 3_600_000;
/** Deadline of a question whose answer comes later than that, or not at all. */
const shortMs = 50;
const lateMs = 2_000;

/**
 * Timers with a key of their own each, one that fires and one that is cancelled, and questions that miss their deadline.
 * Such a question becomes one dead letter: `expired` when the deadline passes before its handler begins, `late-answer`
 * when the handler answers after it. A question that is handled and never answered leaves none.
 */
export function waiting(place: Place): Family {
  const { node, peer } = place;
  const { system } = node;
  const behaviour = receive<Message>((received, context) => {
    const { seq, delayMs } = received;
    if (received.kind !== 'due' && delayMs === lateMs) place.expectLetters('expired', -1);
    if (received.kind === 'wait') {
      if (delayMs === lateMs) place.expectLetters('late-answer', 1);
      context.setTimer(`due-${seq}`, received.delayMs, { ...received, kind: 'due' });
      context.setTimer(`watchdog-${seq}`, hourMs, received);
    } else if (received.kind === 'due') {
      context.cancelTimer(`watchdog-${seq}`);
      received.replyTo.tell(seq);
    }
  });
  // Questions of the two processes may have the same number: each has an actor of its own.
  for (const of of [node.nodeId, peer])
    system.spawn(
      props(() => behaviour, { protocol: message }),
      `timekeeper-${of}`,
    );
  const near = system.refFor<Message>(node.nodeId, `timekeeper-${node.nodeId}`);
  const far = system.refFor<Message>(peer, `timekeeper-${node.nodeId}`);
  const ask = (target: ActorRef<Message>, kind: 'wait' | 'never', seq: number, delayMs: number, ms: number) =>
    system.ask<Message, number>(target, (replyTo) => ({ kind, seq, delayMs, replyTo }), { timeoutMs: ms });
  const missed = async (target: ActorRef<Message>, n: number): Promise<void> => {
    // Taken back where the handler begins in time, here or in the other process: only the sum over both counts.
    place.expectLetters('expired', 1);
    const answer = ask(target, n % 2 === 0 ? 'never' : 'wait', n, lateMs, shortMs);
    const outcome = await answer.catch((error: unknown) => error);
    if (!(outcome instanceof RequestTimeoutError)) throw new Error(`no deadline missed: ${String(outcome)}`);
  };
  return {
    operations: [
      {
        name: 'timer',
        weight: 200,
        run: async (n) => expectEqual('timer', await ask(near, 'wait', n, 5 + (n % 30), askTimeoutMs), n),
      },
      { name: 'local ask that times out', weight: 20, run: (n) => missed(near, n) },
      { name: 'remote ask that times out', weight: 20, run: (n) => missed(far, n) },
    ],
    // Answers to the last questions may still be on their way from the other process.
    audit: async () => {
      await sleep(lateMs);
      return [];
    },
  };
}
