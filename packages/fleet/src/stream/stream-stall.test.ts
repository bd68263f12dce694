import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config.ts';
import {
  createReceiver,
  decideReceive,
  type ReceiverEvent,
  type ReceiverOutcome,
  receiverWakeAtMs,
} from './stream-receiver.ts';
import { createSender, decideSend, senderWakeAtMs } from './stream-sender.ts';

const config = resolveConfig();

/**
 * A receiver in a process whose loop turns only every `turnMs`, as on a machine with too much to do: in each turn the
 * timers come first and then what lies in the socket, as in Node. The host beats every second until `diesAtMs`.
 */
function run(options: {
  readonly turnMs: number;
  readonly diesAtMs: number;
  readonly untilMs: number;
  /** The bus is away in the second half of each such period. */
  readonly flapMs?: number;
}): { readonly outcome: ReceiverOutcome | undefined; readonly endedAtMs: number } {
  const receiver = createReceiver(600_000, config, 0);
  let outcome: ReceiverOutcome | undefined;
  let connected = true;
  let saidAtMs = 0;
  let wakeAtMs = receiverWakeAtMs(receiver);
  const feed = (event: ReceiverEvent, nowMs: number): void => {
    for (const effect of decideReceive(receiver, event, nowMs)) {
      if (effect.kind === 'finished') outcome = effect.outcome;
    }
  };
  for (let now = 0; now <= options.untilMs; now += options.turnMs) {
    if (now >= wakeAtMs) feed({ kind: 'tick' }, now);
    const up = options.flapMs === undefined || now % options.flapMs < options.flapMs / 2;
    if (up !== connected) feed({ kind: 'bus', connected: up }, now);
    connected = up;
    for (; saidAtMs <= Math.min(now, options.diesAtMs); saidAtMs += 1_000) {
      if (up) feed({ kind: 'beat', streamId: 's', next: 1, phase: 'waiting', position: 0 }, now);
    }
    wakeAtMs = receiverWakeAtMs(receiver);
    if (outcome !== undefined) return { outcome, endedAtMs: now };
  }
  return { outcome, endedAtMs: Number.POSITIVE_INFINITY };
}

describe('a receiver whose own process stalls', () => {
  it.each([10, 260, 400, 700, 1_000])('gives up a dead host in time if every turn takes %i ms', (turnMs) => {
    const { outcome, endedAtMs } = run({ turnMs, diesAtMs: 5_000, untilMs: 120_000 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'host-lost' });
    expect(endedAtMs - 5_000).toBeLessThanOrEqual(config.senderSilenceMs + config.ownStallMs + 3 * turnMs);
  });

  it.each([10, 260, 700, 2_000, 4_000, 20_000])(
    'keeps a host that sends if every turn takes %i ms',
    (turnMs) => {
      const untilMs = 120_000;
      expect(run({ turnMs, diesAtMs: untilMs, untilMs }).outcome).toBeUndefined();
    },
  );

  it('gives up a dead host while the bus flaps, within the longest allowed disconnect', () => {
    const { outcome, endedAtMs } = run({ turnMs: 10, diesAtMs: 5_000, untilMs: 300_000, flapMs: 4_000 });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'host-lost' });
    expect(endedAtMs - 5_000).toBeLessThanOrEqual(
      config.busPatienceMs + config.senderSilenceMs + config.reconnectSilenceMs + 4_000,
    );
  });
});

describe('a sender whose own process stalls', () => {
  it.each([10, 300, 1_000])('gives up a dead reader in time if every turn takes %i ms', (turnMs) => {
    const sender = createSender('s', 8, config, 0);
    let closedAtMs: number | undefined;
    const sent: string[] = [];
    for (let now = 0; now < 120_000 && closedAtMs === undefined; now += turnMs) {
      if (now < senderWakeAtMs(sender)) continue;
      for (const effect of decideSend(sender, { kind: 'tick' }, now)) {
        if (effect.kind === 'closed') closedAtMs = now;
        if (effect.kind === 'send') sent.push(effect.message.kind);
      }
    }
    expect(closedAtMs).toBeLessThanOrEqual(config.receiverSilenceMs + config.ownStallMs + 3 * turnMs);
    // A reader that is alive after all learns the end at once.
    expect(sent.at(-1)).toBe('fail');
  });
});
