import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NoRespondersError, RequestTimeoutError, TransportDisconnectedError } from '../errors.ts';
import { inboxPrefix } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import { waitUntil } from './wait-until.ts';

/** What a run of the transport contract needs of the bus under test. */
export interface BusUnderTest {
  connect(node: string): Promise<Transport>;
  /** Disconnects every node; `end` brings the connections back. */
  outage(): Promise<{ end(): Promise<void> }>;
  dispose(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const read = (payload: Uint8Array) => new TextDecoder().decode(payload);

/** The contract of `Transport`, tested for each implementation. */
export function transportContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} as a transport`, () => {
    let bus: BusUnderTest;
    let one: Transport;
    let two: Transport;

    beforeAll(async () => {
      bus = await open();
      [one, two] = await Promise.all([bus.connect('one'), bus.connect('two')]);
    });
    afterAll(async () => {
      await Promise.all([one.close(), two.close()]);
      await bus.dispose();
    });

    async function subscribed(subject: string, options?: { queue: string }): Promise<string[]> {
      const seen: string[] = [];
      two.subscribe(
        subject,
        (message) => void seen.push(`${message.subject} ${read(message.payload)}`),
        options,
      );
      await two.flush({ timeoutMs: 1_000 });
      return seen;
    }

    it('delivers in publish order, wildcards as in NATS', async () => {
      const exact = await subscribed('t.order.a');
      const star = await subscribed('t.*.a');
      const rest = await subscribed('t.order.>');
      for (const [subject, payload] of [
        ['t.order.a', '1'],
        ['t.order.b.c', '2'],
        ['t.order', '3'],
        ['t.order.a', '4'],
      ] as const) {
        expect(one.publish(subject, text(payload))).toBe(true);
      }
      await waitUntil(
        'all were delivered',
        () => rest.length === 3 && star.length === 2 && exact.length === 2,
      );
      expect(exact).toEqual(['t.order.a 1', 't.order.a 4']);
      expect(star).toEqual(exact);
      expect(rest).toEqual(['t.order.a 1', 't.order.b.c 2', 't.order.a 4']);
    });

    it('gives a message to one member of a queue group', async () => {
      const groups = [
        await subscribed('t.queue', { queue: 'q' }),
        await subscribed('t.queue', { queue: 'q' }),
        await subscribed('t.queue', { queue: 'r' }),
      ];
      for (let i = 0; i < 20; i++) one.publish('t.queue', text(String(i)));
      const lengths = () => groups.map((group) => group.length);
      await waitUntil('all were delivered', () => lengths().reduce((sum, length) => sum + length) === 40);
      expect(lengths()[2]).toBe(20);
    });

    it('stops delivering once unsubscribed', async () => {
      const seen: string[] = [];
      const subscription = two.subscribe('t.unsubscribed', () => void seen.push('x'));
      const others = await subscribed('t.unsubscribed');
      subscription.unsubscribe();
      await two.flush({ timeoutMs: 1_000 });
      one.publish('t.unsubscribed', text('x'));
      await waitUntil('the other one has it', () => others.length === 1);
      expect(seen).toEqual([]);
    });

    it('returns each reply to its request, also with many requests at once', async () => {
      two.subscribe('t.ask', (message) => message.respond?.(text(`re ${read(message.payload)}`)));
      await two.flush({ timeoutMs: 1_000 });
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) => one.request('t.ask', text(String(i)), { timeoutMs: 1_000 })),
      );
      expect(answers.map(read)).toEqual(Array.from({ length: 100 }, (_, i) => `re ${i}`));
    });

    it('offers no reply function for a plain message', async () => {
      const plain: unknown[] = [];
      two.subscribe('t.plain', (message) => void plain.push(message.respond));
      await two.flush({ timeoutMs: 1_000 });
      one.publish('t.plain', text('x'));
      await waitUntil('it was delivered', () => plain.length === 1);
      expect(plain).toEqual([undefined]);
    });

    it('distinguishes a subject without subscribers from a missing reply', async () => {
      await expect(one.request('t.nobody', text('x'), { timeoutMs: 1_000 })).rejects.toBeInstanceOf(
        NoRespondersError,
      );
      two.subscribe('t.mute', () => undefined);
      await two.flush({ timeoutMs: 1_000 });
      await expect(one.request('t.mute', text('x'), { timeoutMs: 50 })).rejects.toBeInstanceOf(
        RequestTimeoutError,
      );
    });

    it('refuses a payload over its limit and continues', async () => {
      const seen = await subscribed('t.large');
      expect(one.publish('t.large', new Uint8Array(one.maxPayloadBytes + 1))).toBe(false);
      await expect(
        one.request('t.large', new Uint8Array(one.maxPayloadBytes + 1), { timeoutMs: 1_000 }),
      ).rejects.toMatchObject({
        code: 'message-too-large',
        bytes: one.maxPayloadBytes + 1,
        limitBytes: one.maxPayloadBytes,
      });
      expect(one.publish('t.large', text('small'))).toBe(true);
      await waitUntil('the small one arrives', () => seen.length === 1);
    });

    it('drops messages while disconnected and returns false, and serves the old subscriptions after the reconnect', async () => {
      const seen = await subscribed('t.outage');
      const changes: boolean[] = [];
      one.onConnectionChange((connected) => void changes.push(connected));
      const outage = await bus.outage();
      await waitUntil('both are cut off', () => !one.connected && !two.connected);
      expect(one.publish('t.outage', text('lost'))).toBe(false);
      await expect(one.request('t.outage', text('x'), { timeoutMs: 1_000 })).rejects.toBeInstanceOf(
        TransportDisconnectedError,
      );
      await outage.end();
      await waitUntil('both are back', () => one.connected && two.connected);
      await two.flush({ timeoutMs: 1_000 });
      expect(one.publish('t.outage', text('after'))).toBe(true);
      await waitUntil('it arrives', () => seen.length > 0);
      expect(seen).toEqual(['t.outage after']);
      expect(changes).toEqual([false, true]);
    });

    it('accepts nothing after it was closed', async () => {
      const three = await bus.connect('three');
      await three.close();
      expect(three.publish('t.closed', text('x'))).toBe(false);
      expect(inboxPrefix('three')).toBe('_I.three');
    });
  });
}
