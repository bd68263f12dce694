import { expect, it } from 'vitest';
import { StoreUnavailableError, TransportDisconnectedError } from '../errors.ts';
import type { AppendOutcome } from '../storage/log/log.ts';
import { Simulation } from './simulation.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { noStoreFaults } from './store-faults.ts';

const spec = { name: 'L', subjects: ['l.>'], historyPerSubject: 0, feed: 'feed.L' };
const payload = new Uint8Array(0);

async function setup(seed = 1) {
  const simulation = new Simulation(seed);
  const node = simulation.startNode('n0');
  const outcomes: AppendOutcome[] = [];
  const errors: unknown[] = [];
  const append = (from: SimulatedNode = node, subject = 'l.a') =>
    void from.storage.log.append('L', { subject, payload }).then(
      (outcome) => outcomes.push(outcome),
      (error: unknown) => errors.push(error),
    );
  const lastSequence = () => simulation.hub.logs.stream('L').info.lastSequence;
  void node.storage.log.ensure(spec);
  await simulation.run(10);
  return { simulation, node, outcomes, errors, append, lastSequence };
}

it('takes time for a request and for its reply', async () => {
  const { simulation, append, outcomes, lastSequence } = await setup();
  append();
  await simulation.run(0);
  expect([lastSequence(), outcomes.length]).toEqual([0, 0]);
  await simulation.run(4);
  expect([lastSequence(), outcomes.length]).toEqual([1, 1]);
});

it('brings the replies of a paused node at the end of its pause', async () => {
  const { simulation, node, append, outcomes, lastSequence } = await setup();
  append();
  node.pause(600);
  await simulation.run(500);
  expect([lastSequence(), outcomes.length]).toEqual([1, 0]);
  await simulation.run(200);
  expect(outcomes).toMatchObject([{ kind: 'appended' }]);
});

it('brings no reply to a crashed node', async () => {
  const { simulation, node, append, outcomes, errors } = await setup();
  append();
  node.crash();
  await simulation.run(20_000);
  expect([outcomes, errors]).toEqual([[], []]);
});

it('does the requests of one node in their order, however long each takes', async () => {
  const { simulation, node, append, lastSequence } = await setup();
  simulation.store.rates = { ...noStoreFaults, slow: 0.5 };
  for (let i = 0; i < 20; i++) append(node, `l.${i}`);
  await simulation.run(5_000);
  expect(lastSequence()).toBe(20);
  const subjects = [...simulation.hub.logs.stream('L').from(1, '>')].map((record) => record.subject);
  expect(subjects).toEqual(Array.from({ length: 20 }, (_, i) => `l.${i}`));
});

it('refuses the operations of a node that is not connected, at once', async () => {
  const { simulation, node, append, outcomes } = await setup();
  node.transport.disconnect();
  append();
  const read = node.storage.log.info('L').catch((error: unknown) => error);
  await simulation.run(0);
  expect(outcomes).toMatchObject([{ kind: 'unanswered', cause: expect.any(TransportDisconnectedError) }]);
  expect(await read).toBeInstanceOf(StoreUnavailableError);
});

it('accepts a late append after its caller stopped waiting', async () => {
  const { simulation, append, outcomes, lastSequence } = await setup();
  simulation.store.rates = { ...noStoreFaults, late: 1 };
  append();
  await simulation.run(1_010);
  expect([lastSequence(), outcomes[0]?.kind]).toEqual([0, 'unanswered']);
  await simulation.run(2_000);
  expect(lastSequence()).toBe(1);
});

it('repeats reads while a log is away, and answers appends not at all', async () => {
  const { simulation, node, append, outcomes } = await setup();
  simulation.store.away(4_000, 'L');
  append();
  const info = node.storage.log.info('L').then(() => 'answered');
  await simulation.run(3_900);
  expect(outcomes).toMatchObject([{ kind: 'unanswered' }]);
  await simulation.run(1_200);
  expect(await info).toBe('answered');
});

it('holds back messages and replies, also to their own sender, while the server stands still', async () => {
  const { simulation, node, append, outcomes } = await setup();
  const heard: string[] = [];
  node.transport.subscribe('echo', ({ subject }) => heard.push(subject));
  simulation.standStill(800);
  node.transport.publish('echo', payload);
  append();
  await simulation.run(790);
  expect([heard, outcomes]).toEqual([[], []]);
  await simulation.run(20);
  expect([heard, outcomes.length]).toEqual([['echo'], 1]);
});

it('delivers announcements in order and tells followers of a lost connection', async () => {
  const { simulation, node, append } = await setup();
  const seen: string[] = [];
  void node.storage.log.follow('L', {
    onRecord: ({ sequence }) => seen.push(String(sequence)),
    onInterrupted: () => seen.push('interrupted'),
  });
  await simulation.run(10);
  for (let i = 0; i < 3; i++) append();
  await simulation.run(10);
  simulation.restartServer(100);
  await simulation.run(1_000);
  append();
  await simulation.run(10);
  expect(seen).toEqual(['1', '2', '3', 'interrupted', '4']);
});

it('runs the clock of a node at its own speed', async () => {
  const simulation = new Simulation(1);
  const fast = simulation.startNode('n0', { skew: { rate: 1.005, wallOffsetMs: 1_000 } });
  const fired: number[] = [];
  fast.clock.setTimer(1_005, () => fired.push(simulation.clock.now(), fast.clock.now()));
  await simulation.run(2_000);
  expect(fired.map(Math.round)).toEqual([1_000, 1_005]);
  expect(Math.round(fast.clock.wallNow() - simulation.clock.wallNow())).toBe(1_010);
});
