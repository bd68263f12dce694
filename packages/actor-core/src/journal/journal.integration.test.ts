import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { systemRandom } from '../random/system-random.ts';
import { jetStreamStorage, type NodeStorage } from '../storage/node-storage.ts';
import { eventually, type JetStream, openJetStream } from '../testing/jetstream.ts';
import { journalled } from './journalled.ts';
import { journalLogSpec, openJournal } from './open-journal.ts';

interface Add {
  readonly amount: number;
  readonly replyTo: ActorRef<number>;
}
interface Alarm {
  readonly afterMs: number;
  readonly replyTo: ActorRef<number>;
}

let jetStream: JetStream;
let storage: NodeStorage;
const system = createActorSystem();

beforeAll(async () => {
  jetStream = await openJetStream();
  storage = jetStreamStorage({ transport: jetStream.transport, clock: systemClock, random: systemRandom });
  await storage.log.ensure(journalLogSpec({ name: 'J', subjects: ['j.>'] }));
});
afterAll(async () => {
  await system.shutdown();
  await jetStream.dispose();
});

/** A sum that begins with what its journal has. Each alarm adds 1,000. */
async function startSum(subject: string) {
  const owner = await openJournal({ storage, log: 'J', subject, owner: 'test' });
  const create = () =>
    journalled<Add | Alarm, number, { added: { schema: z.ZodObject<{ amount: z.ZodNumber }> } }>(
      {
        state: { schema: z.number(), initial: 0 },
        events: { added: { schema: z.object({ amount: z.number() }) } },
        apply: (sum, { amount }) => sum + amount,
        decide: (_sum, message) => ({
          ...('amount' in message
            ? { events: [{ type: 'added', amount: message.amount }] }
            : { timers: [{ set: 'alarm', afterMs: message.afterMs }] }),
          afterwards: (sum) => message.replyTo.tell(sum),
        }),
        onTimer: () => ({ events: [{ type: 'added', amount: 1_000 }] }),
        snapshotEvery: 50,
      },
      { storage, owner },
    );
  return system.spawn(props<Add | Alarm>(create));
}

const add = (ref: ActorRef<Add | Alarm>, amount: number) =>
  system.ask<Add | Alarm, number>(ref, (replyTo) => ({ amount, replyTo }), { timeoutMs: 20_000 });

it('recovers from snapshots and entries, and the earlier owner can write no more', async () => {
  const first = await startSum('j.a');
  for (let i = 1; i <= 230; i++) expect(await add(first, 1)).toBe(i);
  const second = await startSum('j.a');
  expect(await add(second, 1)).toBe(231);
  await expect(add(first, 1)).rejects.toMatchObject({ code: 'actor-not-found' });
  await eventually(async () => {
    const { records } = await storage.log.readForward('J', { from: 1, filter: 'j.a.journal', limit: 500 });
    return records.length <= 100;
  });
  expect(await add(second, 1)).toBe(232);
});

it('finds the entries of one journal among those of many', async () => {
  const sums = await Promise.all(Array.from({ length: 12 }, (_, index) => startSum(`j.m${index}`)));
  for (let round = 1; round <= 40; round++) await Promise.all(sums.map((ref) => add(ref, 1)));
  const again = await Promise.all(sums.map((_, index) => startSum(`j.m${index}`)));
  expect(await Promise.all(again.map((ref) => add(ref, 1)))).toEqual(sums.map(() => 41));
});

it('fires a durable timer in its next owner', async () => {
  const first = await startSum('j.t');
  await system.ask<Add | Alarm, number>(first, (replyTo) => ({ afterMs: 400, replyTo }), {
    timeoutMs: 5_000,
  });
  await system.stop(first);
  const second = await startSum('j.t');
  await eventually(async () => (await add(second, 0)) === 1_000);
});

it('loses nothing that it answered while nats-server is killed and restarted', async () => {
  const ref = await startSum('j.k');
  let answered = 0;
  let sent = 0;
  const work = async () => {
    for (let i = 0; i < 400; i++) {
      sent++;
      await add(ref, 1).then(
        () => answered++,
        () => new Promise<void>((resolve) => systemClock.setTimer(50, resolve)),
      );
    }
  };
  const working = work();
  await eventually(() => answered >= 50);
  await jetStream.server.stop('SIGKILL');
  await jetStream.server.start();
  await working;
  await eventually(async () => {
    const sum = await add(ref, 0).catch(() => undefined);
    return sum !== undefined && sum >= answered && sum <= sent;
  });
  const sum = await add(await startSum('j.k'), 0);
  expect(sum).toBeGreaterThanOrEqual(answered);
  expect(sum).toBeLessThanOrEqual(sent);
}, 60_000);
