import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { JournalEvent } from '../actor/runtime-event.ts';
import { props } from '../cell/create-props.ts';
import { NotStoredError, OutcomeUnknownError, QuarantinedError, StoreUnavailableError } from '../errors.ts';
import type { LogFault, LogOperation } from '../storage/log/log-fault.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import type { EventSpecs } from './event-schemas.ts';
import type { JournalDefinition } from './journal-definition.ts';
import type { JournalOwner } from './journal-owner.ts';
import { journalled } from './journalled.ts';
import { journalLogSpec, openJournal } from './open-journal.ts';
import { listQuarantined } from './quarantine.ts';

type Command =
  | { readonly kind: 'add'; readonly amounts: readonly number[]; readonly replyTo: ActorRef<number> }
  | { readonly kind: 'read'; readonly replyTo: ActorRef<number> }
  | {
      readonly kind: 'remind';
      readonly key: string;
      readonly afterMs: number;
      readonly replyTo: ActorRef<number>;
    }
  | { readonly kind: 'cancel'; readonly key: string; readonly replyTo: ActorRef<number> }
  | { readonly kind: 'fail' };

interface State {
  readonly balance: number;
  readonly fired: readonly string[];
}

const events = {
  added: { schema: z.object({ amount: z.number() }) },
  fired: { schema: z.object({ key: z.string() }) },
} satisfies EventSpecs;
type Events = typeof events;

const stateSchema = z.object({ balance: z.number(), fired: z.array(z.string()) });

function account(fields: Partial<JournalDefinition<Command, State, Events>> = {}) {
  const definition: JournalDefinition<Command, State, Events> = {
    state: {
      schema: stateSchema,
      initial: { balance: 0, fired: [] },
      invariant: ({ balance }) => (balance < 0 ? `the balance is ${balance}` : undefined),
    },
    events,
    apply: (state, event) =>
      event.type === 'added'
        ? { ...state, balance: state.balance + event.amount }
        : { ...state, fired: [...state.fired, event.key] },
    decide(_state, message) {
      switch (message.kind) {
        case 'add':
          return {
            events: message.amounts.map((amount) => ({ type: 'added', amount }) as const),
            afterwards: ({ balance }) => message.replyTo.tell(balance),
          };
        case 'read':
          return { afterwards: ({ balance }) => message.replyTo.tell(balance) };
        case 'remind':
          return {
            timers: [{ set: message.key, afterMs: message.afterMs, payload: { text: 'hello' } }],
            afterwards: ({ balance }) => message.replyTo.tell(balance),
          };
        case 'cancel':
          return {
            timers: [{ cancel: message.key }],
            afterwards: ({ balance }) => message.replyTo.tell(balance),
          };
        default:
          throw new Error('failed on purpose');
      }
    },
    onTimer: (_state, { key }) => ({ events: [{ type: 'fired', key }] }),
    ...fields,
  };
  return definition;
}

async function setup() {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'one' });
  const { storage } = node;
  await storage.log.ensure(journalLogSpec({ name: 'J', subjects: ['j.>'] }));
  const blobs = await storage.blobs.ensure({ name: 'S' });
  const reported: JournalEvent[] = [];
  node.system.onEvent((event) => {
    if (event.type === 'journal') reported.push(event);
  });
  const planned: { kind: LogOperation['kind']; fault: LogFault | undefined }[] = [];
  hub.logs.faults = ({ kind }) => {
    const next = planned.findIndex((plan) => plan.kind === kind);
    return next === -1 ? undefined : planned.splice(next, 1)[0]?.fault;
  };
  let names = 0;
  const start = (owner: JournalOwner, definition: JournalDefinition<Command, State, Events> = account()) =>
    node.system.spawn(
      props<Command>(() => journalled(definition, { storage, owner, blobs })),
      `account-${++names}`,
    );
  const open = (subject = 'j.a') => openJournal({ storage, log: 'J', subject, owner: 'one' });
  /** Lets time pass until the answer is there. */
  async function answer<T>(promise: Promise<T>): Promise<T> {
    const progress = { isDone: false };
    const observed = promise.finally(() => {
      progress.isDone = true;
    });
    observed.catch(() => undefined);
    for (let i = 0; i < 600 && !progress.isDone; i++) await advance(hub.clock, 20);
    return observed;
  }
  const ask = (ref: ActorRef<Command>, make: (replyTo: ActorRef<number>) => Command) =>
    answer(node.system.ask<Command, number>(ref, make, { timeoutMs: 30_000 }));
  const add = (ref: ActorRef<Command>, ...amounts: number[]) =>
    ask(ref, (replyTo) => ({ kind: 'add', amounts, replyTo }));
  const read = (ref: ActorRef<Command>) => ask(ref, (replyTo) => ({ kind: 'read', replyTo }));
  const records = async (subject: string) =>
    (await storage.log.readForward('J', { from: 1, filter: subject, limit: 5_000 })).records;
  const whats = () => reported.map(({ what }) => what);
  return {
    hub,
    node,
    storage,
    blobs,
    reported,
    whats,
    planned,
    start,
    open,
    ask,
    add,
    read,
    records,
    answer,
  };
}

const stop = async ({ node }: Awaited<ReturnType<typeof setup>>, ref: ActorRef<Command>) => {
  await node.system.stop(ref);
};

describe('a journalled behaviour', () => {
  it('answers after its events are stored, and recovers its state from them', async () => {
    const kit = await setup();
    const { start, open, add, read, records } = kit;
    const first = start(await open());
    expect(await add(first, 1, 2)).toBe(3);
    expect(await add(first, 10)).toBe(13);
    expect(await records('j.a.journal'), 'one record for each command').toHaveLength(2);
    await stop(kit, first);
    expect(await read(start(await open()))).toBe(13);
  });

  it('recovers after a failure under the same fence', async () => {
    const { start, open, add, read } = await setup();
    const ref = start(await open());
    await add(ref, 5);
    ref.tell({ kind: 'fail' });
    expect(await read(ref)).toBe(5);
    expect(await add(ref, 1)).toBe(6);
  });

  it('writes snapshots, deletes what two of them include, and recovers from the newest', async () => {
    const kit = await setup();
    const { start, open, add, read, records, reported } = kit;
    const definition = account({ snapshotEvery: 10 });
    const ref = start(await open(), definition);
    for (let i = 0; i < 45; i++) await add(ref, 1);
    await settle(8);
    expect(await records('j.a.snapshot')).toHaveLength(2);
    expect(await records('j.a.journal'), 'entries after the older snapshot').toHaveLength(15);
    await stop(kit, ref);
    const again = start(await open(), definition);
    expect(await read(again)).toBe(45);
    expect(reported.at(-1)).toMatchObject({ what: 'recovered', entries: 45 });
  });

  it('uses the older snapshot where the newest is broken, and says so', async () => {
    const kit = await setup();
    const { start, open, add, read, records, storage, whats } = kit;
    const definition = account({ snapshotEvery: 10 });
    const ref = start(await open(), definition);
    for (let i = 0; i < 25; i++) await add(ref, 1);
    await settle(8);
    await stop(kit, ref);
    const newest = (await records('j.a.snapshot')).at(-1);
    await storage.log.deleteRecord('J', newest?.sequence ?? 0);
    await storage.log.append('J', {
      subject: 'j.a.snapshot',
      payload: new Uint8Array(3),
      headers: newest?.headers ?? {},
    });
    expect(await read(start(await open(), definition))).toBe(25);
    expect(whats()).toContain('snapshot-broken');
  });

  it('keeps large snapshots as blobs, and removes those that are replaced', async () => {
    const kit = await setup();
    const { start, open, add, read, blobs } = kit;
    const definition = account({ snapshotEvery: 2, onTimer: () => undefined });
    const large = {
      ...definition,
      apply: (state: State) => ({ balance: state.balance + 1, fired: ['x'.repeat(300_000)] }),
    };
    const ref = start(await open(), large);
    for (let i = 0; i < 9; i++) await add(ref, 1);
    await settle(8);
    let stored = 0;
    for await (const page of blobs.entries()) stored += page.length;
    expect(stored).toBe(2);
    await stop(kit, ref);
    expect(await read(start(await open(), large))).toBe(9);
  });

  it('refuses messages while the store is away, and goes on by itself', async () => {
    const { hub, start, open, add, read, whats } = await setup();
    const ref = start(await open());
    await add(ref, 1);
    hub.logs.faults = () => 'away';
    const refused = await add(ref, 2).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OutcomeUnknownError);
    expect(refused).toMatchObject({ cause: expect.any(StoreUnavailableError) as Error });
    await expect(add(ref, 3)).rejects.toBeInstanceOf(NotStoredError);
    hub.logs.faults = undefined;
    await advance(hub.clock, 11_000);
    expect(await read(ref)).toBe(1);
    expect(await add(ref, 4)).toBe(5);
    expect(whats()).toEqual(['recovered', 'suspended', 'resumed']);
  });

  it('finds out what became of a write with an unknown outcome', async () => {
    const { hub, start, open, add, read, records } = await setup();
    const ref = start(await open());
    await add(ref, 1);
    let isAccepted = false;
    // The write is accepted and neither its reply nor a look for it arrives.
    hub.logs.faults = ({ kind }) => {
      if (kind !== 'append') return 'away';
      const fault = isAccepted ? 'away' : 'reply-lost';
      isAccepted = true;
      return fault;
    };
    await expect(add(ref, 2)).rejects.toBeInstanceOf(OutcomeUnknownError);
    hub.logs.faults = undefined;
    await advance(hub.clock, 11_000);
    expect(await read(ref)).toBe(3);
    expect(await records('j.a.journal'), 'with a barrier').toHaveLength(3);
  });

  it('does not count a write that is accepted after its writer gave it up', async () => {
    const kit = await setup();
    const { hub, storage, start, open, add, read, records } = kit;
    const owner = await open();
    const ref = start(owner);
    await add(ref, 1);
    hub.logs.faults = () => 'away';
    await expect(add(ref, 2)).rejects.toBeInstanceOf(OutcomeUnknownError);
    hub.logs.faults = undefined;
    await advance(hub.clock, 11_000);
    expect(await read(ref)).toBe(1);
    // The attempt that was on its way for so long, under the fence that still holds.
    const late = { i: 2, g: 0, e: [['added', 1, { amount: 2 }]] };
    await owner.write({
      subject: owner.subject('journal'),
      payload: new TextEncoder().encode(JSON.stringify(late)),
    });
    expect(await add(ref, 10)).toBe(11);
    await stop(kit, ref);
    expect(await records('j.a.journal')).toHaveLength(4);
    expect(await read(start(await open()))).toBe(11);
    expect(storage).toBeDefined();
  });

  it('ends when another owner has the journal, and its mailbox is not handled', async () => {
    const { start, open, add, read, whats, node } = await setup();
    const first = start(await open());
    await add(first, 1);
    const second = start(await open());
    expect(await add(second, 1)).toBe(2);
    await expect(add(first, 100)).rejects.toMatchObject({ code: 'actor-not-found' });
    expect(await read(second)).toBe(2);
    expect(whats()).toContain('deposed');
    expect(node.system.counters().events['restarted']).toBeUndefined();
  });

  it('stores no event that breaks the invariant or its schema, and fails instead', async () => {
    const { start, open, add, read, records } = await setup();
    const ref = start(await open());
    await add(ref, 1);
    void add(ref, -5).catch(() => undefined);
    void add(ref, Number.NaN).catch(() => undefined);
    expect(await read(ref)).toBe(1);
    expect(await records('j.a.journal'), 'one entry, and a barrier for each restart').toHaveLength(3);
  });

  it('quarantines stored data that does not fit, leaves others alone, and recovers with a program that fits', async () => {
    const kit = await setup();
    const { start, open, add, read, storage, reported, whats } = kit;
    const ref = start(await open());
    await add(ref, 7);
    await stop(kit, ref);
    const owner = await open();
    const unknown = { i: 2, g: 0, e: [['halved', 1, {}]] };
    await owner.write({ subject: 'j.a.journal', payload: new TextEncoder().encode(JSON.stringify(unknown)) });
    const damaged = start(await open());
    await expect(add(damaged, 1)).rejects.toBeInstanceOf(QuarantinedError);
    await expect(read(damaged)).rejects.toBeInstanceOf(QuarantinedError);
    const event = reported.find(({ what }) => what === 'quarantined');
    expect(event).toMatchObject({ journal: 'j.a.journal', evidence: { excerpt: JSON.stringify(unknown) } });
    const listed = [];
    for await (const quarantine of listQuarantined(storage.log, 'J', 'j.*.quarantine'))
      listed.push(quarantine);
    expect(listed).toMatchObject([
      { subject: 'j.a.quarantine', reason: 'unknown-event', sequence: event?.evidence?.sequence },
    ]);
    expect(await add(start(await open('j.b')), 3)).toBe(3);
    const readable = start(await open(), account({ retired: ['halved'] }));
    expect(await add(readable, 1)).toBe(8);
    expect(whats()).toContain('released');
    const left = [];
    for await (const quarantine of listQuarantined(storage.log, 'J', 'j.*.quarantine')) left.push(quarantine);
    expect(left).toEqual([]);
  });

  it('quarantines a journal with a missing entry', async () => {
    const kit = await setup();
    const { start, open, add, read, records, storage, reported } = kit;
    const ref = start(await open());
    for (let i = 0; i < 3; i++) await add(ref, 1);
    await stop(kit, ref);
    await storage.log.deleteRecord('J', (await records('j.a.journal'))[1]?.sequence ?? 0);
    await expect(read(start(await open()))).rejects.toBeInstanceOf(QuarantinedError);
    expect(reported.at(-1)).toMatchObject({ what: 'quarantined', cause: 'gap: entry 3 follows entry 1' });
  });

  it('reads events and snapshots of older versions, and quarantines those of newer ones', async () => {
    const kit = await setup();
    const { start, open, add, read } = kit;
    const ref = start(await open(), account({ snapshotEvery: 3 }));
    for (let i = 0; i < 4; i++) await add(ref, 2);
    await settle(8);
    await stop(kit, ref);
    const next = account({
      state: {
        ...account().state,
        version: 2,
        upcast: { 1: (old) => ({ ...old, balance: Number(old['balance']) * 100 }) },
      },
    });
    const cents = {
      ...next,
      events: {
        ...events,
        added: {
          schema: z.object({ amount: z.number() }),
          version: 2,
          formerly: ['plus'],
          upcast: {
            1: (old: Readonly<Record<string, unknown>>) => ({ amount: Number(old['amount']) * 100 }),
          },
        },
      },
    };
    const upgraded = start(await open(), cents);
    expect(await add(upgraded, 5)).toBe(805);
    await stop(kit, upgraded);
    await expect(read(start(await open()))).rejects.toBeInstanceOf(QuarantinedError);
    expect(await read(start(await open(), cents))).toBe(805);
  });

  it('reports the progress of a long recovery', async () => {
    const kit = await setup();
    const { start, open, add, read, reported } = kit;
    const definition = account({ snapshotEvery: 0 });
    const ref = start(await open(), definition);
    for (let i = 0; i < 600; i++) await add(ref, 1);
    await stop(kit, ref);
    expect(await read(start(await open(), definition))).toBe(600);
    expect(
      reported.filter(({ what }) => what === 'recovering').map(({ entries, total }) => [entries, total]),
    ).toEqual([
      [256, 600],
      [512, 600],
    ]);
  });

  it('does not take a server that lags behind for the end of the journal', async () => {
    const kit = await setup();
    const { start, open, add, read, storage } = kit;
    const ref = start(await open());
    await add(ref, 1);
    await stop(kit, ref);
    const owner = await open();
    // An owner record that the answering server does not have yet.
    const ahead = { ...owner, fence: { ...owner.fence, sequence: owner.fence.sequence + 1 } };
    await expect(read(start(ahead))).rejects.toBeInstanceOf(NotStoredError);
    await storage.log.append('J', { subject: 'j.other', payload: new Uint8Array(0) });
    await advance(kit.hub.clock, 11_000);
  });
});

describe('a durable timer', () => {
  it('fires at its time and is stored as an event', async () => {
    const { hub, start, open, ask, records } = await setup();
    const ref = start(await open());
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'tea', afterMs: 60_000, replyTo }));
    await advance(hub.clock, 59_000);
    expect(await records('j.a.journal')).toHaveLength(1);
    await advance(hub.clock, 2_000);
    expect(await records('j.a.journal')).toHaveLength(2);
  });

  it('fires after a restart of its owner, at once where its time is over', async () => {
    const kit = await setup();
    const { hub, start, open, ask, records } = kit;
    const ref = start(await open());
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'a', afterMs: 60_000, replyTo }));
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'b', afterMs: 1_000_000, replyTo }));
    await stop(kit, ref);
    await advance(hub.clock, 500_000);
    start(await open());
    await advance(hub.clock, 100);
    expect(await records('j.a.journal')).toHaveLength(3);
    await advance(hub.clock, 600_000);
    expect(await records('j.a.journal')).toHaveLength(4);
  });

  it('does not fire after its cancellation, nor twice when it is set again', async () => {
    const { hub, start, open, ask, records } = await setup();
    const ref = start(await open());
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'a', afterMs: 10_000, replyTo }));
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'b', afterMs: 10_000, replyTo }));
    await ask(ref, (replyTo) => ({ kind: 'cancel', key: 'a', replyTo }));
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'b', afterMs: 20_000, replyTo }));
    await advance(hub.clock, 12_000);
    expect(await records('j.a.journal')).toHaveLength(4);
    await advance(hub.clock, 12_000);
    expect(await records('j.a.journal')).toHaveLength(5);
  });

  it('keeps its time in snapshots', async () => {
    const kit = await setup();
    const { hub, start, open, ask, add, records } = kit;
    const definition = account({ snapshotEvery: 2 });
    const ref = start(await open(), definition);
    await ask(ref, (replyTo) => ({ kind: 'remind', key: 'a', afterMs: 100_000, replyTo }));
    for (let i = 0; i < 9; i++) await add(ref, 1);
    await settle(8);
    await stop(kit, ref);
    start(await open(), definition);
    await advance(hub.clock, 102_000);
    const last = (await records('j.a.journal')).at(-1);
    expect(new TextDecoder().decode(last?.payload)).toContain('"fired"');
  });
});
