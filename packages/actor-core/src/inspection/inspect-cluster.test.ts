import { afterEach, expect, it } from 'vitest';
import { receive, setup } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { advance } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';
import { type ClusterQuestion, inspectCluster, type InspectedNode } from './inspect-cluster.ts';
import type { NodeInspection } from './inspection.ts';

const live: TestNode[] = [];
afterEach(() => {
  for (const node of live.splice(0)) node.crash();
});

function start(...names: string[]) {
  const hub = createTestHub();
  const started = names.map((nodeId) => createTestNode(hub, { nodeId }));
  live.push(...started);
  return {
    hub,
    nodes: started as [TestNode, ...TestNode[]],
    /** Asks from the first node and lets time pass. */
    ask: async (question?: ClusterQuestion) => {
      const asked = inspectCluster(started[0] as TestNode, question);
      await advance(hub.clock, 3_000, 50);
      return asked;
    },
  };
}

const idle = props<string>(() => receive(() => undefined));
const touchy = props<string>(() =>
  receive((message) => {
    throw Object.assign(new Error(message), { code: 'touched' });
  }),
);

function inspectionOf(inspected: readonly InspectedNode[], node: string): NodeInspection {
  const found = inspected.find(({ member }) => member.node === node);
  if (found === undefined || 'silence' in found.answer) throw new Error(`${node} did not answer`);
  return found.answer.inspection;
}

const codeOf = ({ answer }: InspectedNode) => ('silence' in answer ? answer.silence.code : 'answered');

it('shows the actors of every node, with mailbox, restarts, failure, rate and age', async () => {
  const { nodes, hub, ask } = start('one', 'two');
  const [, two] = nodes;
  const branch = props<string>(() =>
    setup((context) => {
      context.spawn(idle, 'leaf');
      return receive(() => undefined);
    }),
  );
  two?.system.spawn(branch, 'branch');
  const bad = two?.system.spawn(touchy, 'bad');
  await advance(hub.clock, 1_000, 100);
  bad?.tell('ouch');
  await advance(hub.clock, 4_000, 100);
  const inspected = await ask();
  expect(inspected.map(({ member }) => member.node)).toEqual(['one', 'two']);
  expect(inspectionOf(inspected, 'one')).toMatchObject({ total: 0, actors: [] });
  const there = inspectionOf(inspected, 'two');
  expect(there).toMatchObject({ incarnation: 1, total: 3, leftOut: 0, complete: true });
  expect(there.counters).toEqual({ restarted: 1, parked: 0, escalated: 0, deadLetters: 0 });
  expect(there.actors).toEqual([
    {
      path: 'branch',
      parent: null,
      state: 'running',
      mailboxDepth: 0,
      mailboxCapacity: 1_000,
      restarts: 0,
      incarnation: 1,
      processed: 0,
      messagesPerSecond: 0,
      uptimeMs: expect.any(Number),
      children: 1,
      lastFailure: null,
    },
    expect.objectContaining({ path: 'branch/leaf', parent: 'branch', children: 0 }),
    expect.objectContaining({
      path: 'bad',
      restarts: 1,
      incarnation: 2,
      processed: 1,
      lastFailure: { code: 'touched', message: 'Error: ouch', atMs: 1_767_225_601_000 },
    }),
  ]);
  const [first] = there.actors;
  expect(first?.uptimeMs).toBeGreaterThan(3_500);
  expect(first?.uptimeMs).toBeLessThan(6_500);
});

it('lists every node that does not answer, with the reason', async () => {
  const { nodes, hub, ask } = start('one', 'dead', 'gone', 'garbled', 'mute');
  const [one, dead, gone] = nodes as [TestNode, TestNode, TestNode];
  await advance(hub.clock, 1_000, 100);
  await gone.leave();
  dead.crash();
  hub.bus.fault = ({ subject }) => (subject.includes('.n.mute.look.') ? 'drop' : 'deliver');
  const request = one.transport.request.bind(one.transport);
  one.transport.request = (subject, payload, options) =>
    subject.includes('.garbled.')
      ? Promise.resolve(new TextEncoder().encode('{"total":-1}'))
      : request(subject, payload, options);
  const inspected = await ask({ timeoutMs: 500 });
  expect(inspected.map((each) => `${each.member.node} ${codeOf(each)}`)).toEqual([
    'dead not-there',
    'garbled bad-answer',
    'gone left',
    'mute no-answer',
    'one answered',
  ]);
  expect(await ask({ node: 'nobody' })).toEqual([]);
});

it('shows its own actors without a bus, and reports that the other nodes cannot be asked', async () => {
  const { nodes, hub, ask } = start('one', 'two');
  await advance(hub.clock, 1_000, 100);
  nodes[0].transport.disconnect();
  const [one, two] = await ask();
  expect(one?.answer).toHaveProperty('inspection');
  expect(two?.answer).toMatchObject({ silence: { code: 'bus-unavailable' } });
});

it('answers with as much as one message may contain, and reports how much it left out', async () => {
  const { nodes: started, hub, ask } = start('one', 'two');
  const name = 'x'.repeat(250);
  for (let i = 0; i < 3_000; i++) started[1]?.system.spawn(idle, `${name}${i}`);
  await advance(hub.clock, 1_000, 100);
  const few = inspectionOf(await ask({ limit: 10 }), 'two');
  expect([few.total, few.leftOut, few.actors.length]).toEqual([3_000, 2_990, 10]);
  const many = inspectionOf(await ask({ limit: 1_000 }), 'two');
  expect(many.total).toBe(3_000);
  expect(many.actors.length + many.leftOut).toBe(3_000);
  expect(many.actors.length).toBeGreaterThan(300);
  expect(JSON.stringify(many).length).toBeLessThan(256 * 1024);
});

it('answers a few different questions at once and is busy for more; equal questions share an answer', async () => {
  const { nodes, hub } = start('one');
  const [one] = nodes;
  one.system.spawn(idle, 'a');
  const question = { path: '', limit: 10, maxBytes: 100_000, timeoutMs: 2_000 };
  const equal = Array.from({ length: 20 }, () => one.inspect(question));
  const others = [11, 12, 13, 14, 15].map((limit) => one.inspect({ ...question, limit }));
  await advance(hub.clock, 1_000, 50);
  const answers = await Promise.all([...equal, ...others]);
  expect(answers.filter((answer) => answer === 'busy')).toHaveLength(2);
  expect(answers[0]).toBe(answers[19]);
});

it('refuses an invalid limit', async () => {
  const { nodes } = start('one');
  for (const limit of [0, 1_001, 1.5])
    await expect(inspectCluster(nodes[0], { limit })).rejects.toMatchObject({ argument: 'limit' });
});
