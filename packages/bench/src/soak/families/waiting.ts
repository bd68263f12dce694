import { setTimeout as sleep } from 'node:timers/promises';
import { type ActorRef, props, receive, RequestTimeoutError } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

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
/** Deadline of a question whose answer comes late or never. */
const shortMs = 50;
const lateMs = 2_000;

/**
 * Sets two timers with keys, of which one fires and one is cancelled, and asks questions that miss their deadline. Such
 * a question becomes one dead letter: `expired` when the deadline passes before its handler begins, `late-answer` when
 * the handler answers after the deadline. A question that is handled and never answered causes no dead letter.
 */
export function waiting(self: SoakNode): Family {
  const { node, peer } = self;
  const { system } = node;
  const behaviour = receive<Message>((received, context) => {
    const { seq, delayMs } = received;
    if (received.kind !== 'due' && delayMs === lateMs) self.expectLetters('expired', -1);
    if (received.kind === 'wait') {
      if (delayMs === lateMs) self.expectLetters('late-answer', 1);
      context.setTimer(`due-${seq}`, received.delayMs, { ...received, kind: 'due' });
      context.setTimer(`watchdog-${seq}`, hourMs, received);
    } else if (received.kind === 'due') {
      context.cancelTimer(`watchdog-${seq}`);
      received.replyTo.tell(seq);
    }
  });
  // One actor for the questions of each process, because the two processes use the same numbers.
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
    // The process whose handler begins in time lowers this expectation again. Only the sum over both processes is
    // checked.
    self.expectLetters('expired', 1);
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
    // Answers of the other process to the last questions can still be in transit.
    audit: async () => {
      await sleep(lateMs);
      return [];
    },
  };
}
