import { seededRandom } from '@drover/actor-core/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FleetConfig, resolveConfig } from '../config.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import {
  createReceiver,
  decideReceive,
  type ReceiverEffect,
  type ReceiverOutcome,
  receiverWakeAtMs,
} from './stream-receiver.ts';
import {
  createSender,
  decideSend,
  type SenderEffect,
  type SenderEvent,
  senderWakeAtMs,
} from './stream-sender.ts';

interface Plan {
  readonly lines: readonly string[];
  /** Lines that become ready together. */
  readonly burst: number;
  readonly everyMs: number;
  /** Milliseconds between two looks of the consumer. */
  readonly consumeEveryMs: number;
  /** Share of messages lost, and carried twice. The luck is not periodic: a pattern could fit a resume for ever. */
  readonly lost: number;
  readonly twice: number;
  readonly seed: number;
  readonly delaysMs: readonly number[];
  /** Bus away: [from, to) of each end. */
  readonly senderAway: readonly (readonly [number, number])[];
  readonly receiverAway: readonly (readonly [number, number])[];
  readonly ending: 'end' | 'fail';
}

interface Result {
  readonly delivered: readonly string[];
  readonly outcome: ReceiverOutcome | undefined;
  readonly mostHeldLines: number;
  readonly mostHeldBytes: number;
  readonly mostUnread: number;
  readonly senderClosed: boolean;
  readonly aborted: boolean;
  readonly headFirst: boolean;
}

/** Text travels as UTF-8: half a character does not survive. */
function overTheWire(message: SessionMessage): SessionMessage {
  if (message.kind !== 'chunk') return message;
  return { ...message, lines: message.lines.map((line) => Buffer.from(line).toString()) };
}

/** Runs both cores against each other on a virtual clock until both have ended or 10 minutes have passed. */
function runPlan(plan: Plan, config: FleetConfig): Result {
  let now = 0;
  const queue: { at: number; order: number; run: () => void }[] = [];
  let order = 0;
  const at = (time: number, run: () => void): void => {
    queue.push({ at: time, order: order++, run });
  };
  const sender = createSender('s', config.windowLines, config, 0);
  const receiver = createReceiver(300_000, config, 0);
  const delivered: string[] = [];
  const unread: { count: number }[] = [];
  let outcome: ReceiverOutcome | undefined;
  let aborted = false;
  let headFirst = true;
  let headSeen = false;
  let [mostHeldLines, mostHeldBytes, mostUnread] = [0, 0, 0];
  const random = seededRandom(plan.seed);
  let message = 0;
  let [lastToReceiver, lastToSender] = [0, 0];

  const carry = (
    from: { connected: boolean },
    to: { connected: boolean },
    toReceiver: boolean,
    deliver: () => void,
  ): void => {
    const luck = random.next();
    const delay = plan.delaysMs[message % plan.delaysMs.length] ?? 1;
    message += 1;
    if (!from.connected || luck < plan.lost) return;
    // First in, first out in each direction, as NATS guarantees for one subject.
    const arrival = Math.max(now + delay, toReceiver ? lastToReceiver : lastToSender);
    if (toReceiver) lastToReceiver = arrival;
    else lastToSender = arrival;
    const arrive = (): void => {
      if (to.connected) deliver();
    };
    at(arrival, arrive);
    if (luck > 1 - plan.twice) at(arrival, arrive);
  };
  const performSend = (effects: readonly SenderEffect[]): void => {
    mostHeldLines = Math.max(mostHeldLines, sender.buffer.heldLines);
    mostHeldBytes = Math.max(mostHeldBytes, sender.buffer.heldBytes);
    for (const effect of effects) {
      if (effect.kind === 'abort') aborted = true;
      if (effect.kind === 'send')
        carry(sender, receiver, true, () =>
          performReceive(decideReceive(receiver, overTheWire(effect.message), now)),
        );
    }
  };
  const performReceive = (effects: readonly ReceiverEffect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'head') headSeen = true;
      else if (effect.kind === 'deliver') {
        headFirst &&= headSeen;
        delivered.push(...effect.lines);
        unread.push(effect);
        mostUnread = Math.max(
          mostUnread,
          unread.reduce((sum, { count }) => sum + count, 0),
        );
      } else if (effect.kind === 'finished') outcome = effect.outcome;
      else {
        const event: SenderEvent = { streamId: 's', ...effect };
        carry(receiver, sender, false, () => performSend(decideSend(sender, event, now)));
      }
    }
  };

  for (const [from, to] of plan.senderAway) {
    at(from, () => performSend(decideSend(sender, { kind: 'bus', connected: false }, now)));
    at(to, () => performSend(decideSend(sender, { kind: 'bus', connected: true }, now)));
  }
  for (const [from, to] of plan.receiverAway) {
    at(from, () => performReceive(decideReceive(receiver, { kind: 'bus', connected: false }, now)));
    at(to, () => performReceive(decideReceive(receiver, { kind: 'bus', connected: true }, now)));
  }
  at(0, () => performSend(decideSend(sender, { kind: 'accept', position: 0 }, now)));
  at(2, () =>
    performSend(decideSend(sender, { kind: 'head', status: 200, contentType: 'application/x-ndjson' }, now)),
  );
  let time = 3;
  for (let from = 0; from < plan.lines.length; from += plan.burst) {
    const lines = plan.lines.slice(from, from + plan.burst);
    at(time, () => performSend(decideSend(sender, { kind: 'lines', lines }, now)));
    time += plan.everyMs;
  }
  const last: SenderEvent =
    plan.ending === 'end' ? { kind: 'end' } : { kind: 'fail', code: 'upstream-lost', message: 'gone' };
  at(time, () => performSend(decideSend(sender, last, now)));
  const consume = (): void => {
    if (receiver.finished) return;
    const count = unread.splice(0).reduce((sum, batch) => sum + batch.count, 0);
    if (count > 0) performReceive(decideReceive(receiver, { kind: 'consumed', count }, now));
    at(now + plan.consumeEveryMs, consume);
  };
  at(1, consume);

  while (now < 600_000 && !(receiver.finished && sender.closed)) {
    queue.sort((a, b) => a.at - b.at || a.order - b.order);
    const senderAt = sender.closed ? Infinity : senderWakeAtMs(sender);
    const receiverAt = receiver.finished ? Infinity : receiverWakeAtMs(receiver);
    const nextAt = Math.min(queue[0]?.at ?? Infinity, senderAt, receiverAt);
    if (nextAt === Infinity) break;
    now = Math.max(now, nextAt);
    if (queue[0] !== undefined && queue[0].at <= now) queue.shift()?.run();
    else if (senderAt <= now) performSend(decideSend(sender, { kind: 'tick' }, now));
    else performReceive(decideReceive(receiver, { kind: 'tick' }, now));
  }
  return {
    delivered,
    outcome,
    mostHeldLines,
    mostHeldBytes,
    mostUnread,
    senderClosed: sender.closed,
    aborted,
    headFirst,
  };
}

const small = resolveConfig({
  windowLines: 16,
  replayBufferLines: 64,
  replayBufferBytes: 4_096,
  chunkBytes: 256,
  maxLineBytes: 8_192,
});

const away = fc
  .array(fc.tuple(fc.integer({ min: 5, max: 4_000 }), fc.integer({ min: 1, max: 6_000 })), { maxLength: 2 })
  .map((spans) =>
    spans.map(([from, length], index) => [from + index * 12_000, from + index * 12_000 + length] as const),
  );

const plans: fc.Arbitrary<Plan> = fc.record({
  lines: fc
    .array(
      fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: 200, max: 3_000 }) },
      ),
      { maxLength: 150 },
    )
    .map((sizes) => sizes.map((size, index) => `${index + 1}:${'é😀x'.repeat(size / 3)}`)),
  burst: fc.integer({ min: 1, max: 30 }),
  everyMs: fc.integer({ min: 1, max: 200 }),
  consumeEveryMs: fc.constantFrom(1, 20, 300, 3_000),
  lost: fc.constantFrom(0, 0.02, 0.1, 0.2),
  twice: fc.constantFrom(0, 0.02, 0.2),
  seed: fc.nat(),
  delaysMs: fc.array(
    fc.oneof(
      { weight: 15, arbitrary: fc.integer({ min: 0, max: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 1_200 }) },
    ),
    { minLength: 1, maxLength: 20 },
  ),
  senderAway: away,
  receiverAway: away,
  ending: fc.constantFrom('end', 'fail'),
});

describe('sender and receiver over a channel that loses, repeats and disconnects', () => {
  it('deliver 1..n in order exactly once, or a true prefix and an explicit error, within their bounds', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(plans, (plan) => {
        const result = runPlan(plan, small);
        expect(result.outcome).toBeDefined();
        expect(result.senderClosed).toBe(true);
        expect(result.headFirst).toBe(true);
        expect(result.delivered).toEqual(plan.lines.slice(0, result.delivered.length));
        const outcome = result.outcome;
        const name = outcome?.kind === 'failed' ? outcome.code : (outcome?.kind ?? 'none');
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
        if (outcome?.kind === 'end' || name === 'upstream-lost') expect(result.delivered).toEqual(plan.lines);
        // One line may exceed the byte bound: the level before the line is checked.
        expect(result.mostHeldBytes).toBeLessThan(small.replayBufferBytes + small.maxLineBytes);
        const piecesOfLongest = Math.ceil((3 * small.maxLineBytes) / small.chunkBytes) + 1;
        expect(result.mostHeldLines).toBeLessThan(small.replayBufferLines + piecesOfLongest);
        expect(result.mostUnread).toBeLessThanOrEqual(small.windowLines);
      }),
      { numRuns: 1_000 },
    );
    expect((outcomes.get('end') ?? 0) + (outcomes.get('upstream-lost') ?? 0)).toBeGreaterThan(300);
  });

  it('deliver everything when the channel only loses and repeats and the reader keeps up', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const kind = {
          ...plan,
          senderAway: [],
          receiverAway: [],
          consumeEveryMs: 1,
          burst: Math.min(plan.burst, 4),
          everyMs: 200,
        };
        const config = resolveConfig({
          ...small,
          replayBufferLines: 4_096,
          replayBufferBytes: 1_000_000,
          maxResumes: 100,
          senderSilenceMs: 60_000,
          receiverSilenceMs: 60_000,
        });
        const result = runPlan(kind, config);
        expect(result.delivered).toEqual(plan.lines);
        expect(result.aborted).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a stream', () => {
  const ideal: Plan = {
    lines: Array.from({ length: 100 }, (_, index) => `${index + 1}`),
    burst: 1,
    everyMs: 20,
    consumeEveryMs: 5,
    lost: 0,
    twice: 0,
    seed: 1,
    delaysMs: [1],
    senderAway: [],
    receiverAway: [],
    ending: 'end',
  };

  it('survives a bus that is away for both ends at once', () => {
    const result = runPlan(
      { ...ideal, senderAway: [[500, 3_000]], receiverAway: [[495, 1_200]] },
      resolveConfig(),
    );
    expect(result.outcome).toEqual({ kind: 'end' });
    expect(result.delivered).toEqual(ideal.lines);
  });

  it('ends as bus-unavailable when the bus stays away, and the upstream is aborted', () => {
    const result = runPlan(
      { ...ideal, everyMs: 500, senderAway: [[500, 90_000]], receiverAway: [[500, 90_000]] },
      resolveConfig(),
    );
    expect(result.outcome).toMatchObject({ kind: 'failed', code: 'bus-unavailable' });
    expect(result.aborted).toBe(true);
  });

  it('ends as host-lost 3 s after the last message when only the host fell silent', () => {
    const result = runPlan({ ...ideal, senderAway: [[500, 90_000]] }, resolveConfig());
    expect(result.outcome).toMatchObject({ kind: 'failed', code: 'host-lost' });
  });

  it('never makes the upstream wait: a reader that stops overflows the replay buffer and the stream fails', () => {
    const messages: SessionMessage[] = [];
    const config = resolveConfig({ windowLines: 16, replayBufferLines: 64 });
    const sender = createSender('s', 16, config, 0);
    let aborts = 0;
    const feed = (event: SenderEvent): void => {
      for (const effect of decideSend(sender, event, 0)) {
        if (effect.kind === 'send') messages.push(effect.message);
        if (effect.kind === 'abort') aborts += 1;
      }
    };
    feed({ kind: 'head', status: 200, contentType: 'x' });
    for (let index = 1; index <= 100; index += 1) feed({ kind: 'lines', lines: [`${index}`] });
    expect(aborts).toBe(1);
    expect(messages.at(-1)).toMatchObject({ kind: 'fail', code: 'reader-too-slow', lines: 16 });
  });
});
