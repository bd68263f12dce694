import { expect, it } from 'vitest';
import { z } from 'zod';
import { receive, setup as behaviour } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { localSystemOf } from '../system/local-system.ts';
import { Simulation } from '../testing/simulation.ts';
import type { SimulatedNode } from '../testing/simulated-node.ts';
import type { Role } from '../transport/roles.ts';
import { type Control, startControl } from './start-control.ts';
import { followLeaders } from '../leadership/group-leaders.ts';
import { requestTransfer } from '../leadership/transfer-request.ts';
import type { View } from '../membership/view/view.ts';
import type { ViewFollower } from '../membership/view/view-follower.ts';
import type { NewRecord } from '../storage/log/log.ts';
import { requestView } from './view-request.ts';
import { requestVoters, type VoterRequest } from './voter-request.ts';

/** A cluster of hosts `h1`… that control it, and of members that only follow. */
async function setup({ hosts = 2, others = ['g1'] }: { hosts?: number; others?: string[] } = {}) {
  const simulation = new Simulation(7, { keepsSubjectOrder: true });
  const controls = new Map<string, Control>();
  const names = Array.from({ length: hosts }, (_, i) => `h${i + 1}`);
  // With two voters neither can do without the other.
  const voters = hosts > 2 ? { voters: names } : {};
  const start = (nodeId: string, role: Role): SimulatedNode => {
    const node = simulation.startNode(nodeId, { roles: [role], metadata: { version: '1.0.0' } });
    if (role === 'host') controls.set(nodeId, startControl(node, voters));
    return node;
  };
  for (const name of names) start(name, 'host');
  for (const name of others) start(name, 'gateway');
  const kit = {
    simulation,
    start,
    node: (nodeId: string) => simulation.nodes.get(nodeId) as SimulatedNode,
    control: (nodeId: string) => controls.get(nodeId) as Control,
    run: (ms: number) => simulation.run(ms),
    leader: (): string =>
      [...controls].find(
        ([name, { leadership }]) => simulation.nodes.has(name) && leadership.state() === 'leading',
      )?.[0] ?? 'none',
    /** The view of each live node, as text. */
    views: (): string[] =>
      [...simulation.nodes.values()].map((node) =>
        (node.view.current()?.members ?? [])
          .map(({ id, incarnation, state }) => `${id}#${incarnation} ${state}`)
          .join(', '),
      ),
    epochs: () => [...simulation.nodes.values()].map((node) => node.view.current()?.epoch),
    /** Watches an actor of that node from `g1`; resolves reasons into the list. */
    watch: (target: string): string[] => {
      const reasons: string[] = [];
      const home = kit.node(target);
      const ref = home.system.spawn(
        props(() => receive(() => undefined)),
        'watched',
      );
      const far = localSystemOf(kit.node('g1').system).node.refs.resolve(ref.address);
      kit.node('g1').system.spawn(
        props(() =>
          behaviour((context) => {
            context.watch(far);
            return receive(
              () => undefined,
              (signal) => {
                if (signal.type === 'terminated') reasons.push(signal.reason);
              },
            );
          }),
        ),
      );
      return reasons;
    },
  };
  await simulation.run(5_000);
  return kit;
}

const controlLog = 'CTL_test_G_control';

/** Cuts a node off from all others until they have declared it dead. It does not hear of that. */
async function declareDead(simulation: Simulation, run: (ms: number) => Promise<void>, name: string) {
  for (const other of simulation.nodes.keys()) if (other !== name) simulation.cut(name, other);
  await run(20_000);
}

it('shows every node the same view, also nodes that may not read the log', async () => {
  const { views, epochs } = await setup();
  expect(new Set(views())).toEqual(new Set(['g1#1 up, h1#1 up, h2#1 up']));
  expect(new Set(epochs()).size).toBe(1);
});

it('keeps the watches on a node that only others reach, until the view declares it dead', async () => {
  const { watch, simulation, views, run, node, leader } = await setup({ hosts: 2, others: ['g1', 'g2'] });
  const reasons = watch('g2');
  await run(1_000);
  // Only g1 and g2 cannot reach each other: the others probe g2 on behalf of g1.
  simulation.cut('g1', 'g2');
  await run(60_000);
  expect(node('g1').presence.member('g2')?.state).toBe('alive');
  expect([reasons, views()[0]]).toEqual([[], 'g1#1 up, g2#1 up, h1#1 up, h2#1 up']);
  node('g2').crash();
  await run(10_000);
  expect(reasons).toEqual(['node-down']);
  expect(node(leader()).view.member('g2')?.state).toBe('dead');
});

it('declares nobody dead while there is no leader, and goes on with the next one', async () => {
  const { watch, node, run, views, leader, control } = await setup({ hosts: 2, others: ['g1', 'g2'] });
  const reasons = watch('g2');
  await run(1_000);
  await control('h1').stop();
  await control('h2').stop();
  await run(2_000);
  node('g2').crash();
  await run(120_000);
  expect([leader(), reasons]).toEqual(['none', []]);
  expect(views()[0]).toContain('g2#1 up');
});

it('moves the writing of the view to another host when the leader crashes', async () => {
  const { leader, node, run, views, epochs } = await setup({ hosts: 3 });
  const [first, before] = [leader(), epochs()[0] ?? 0];
  node(first).crash();
  await run(15_000);
  expect(leader()).not.toBe(first);
  expect(new Set(views()).size).toBe(1);
  expect(views()[0]).toContain(`${first}#1 dead`);
  expect(epochs()[0]).toBeGreaterThan(before);
});

it('loses only the leader when the leader is cut off from all others', async () => {
  const { simulation, leader, run, views } = await setup({ hosts: 3 });
  const cutOff = leader();
  const others = [...simulation.nodes.keys()].filter((other) => other !== cutOff);
  for (const other of others) simulation.cut(cutOff, other);
  await run(30_000);
  expect(leader()).not.toBe(cutOff);
  simulation.heal();
  await run(5_000);
  const states = others.map((other) => `${other}#1 up`);
  expect(new Set(views().map((view) => view.replace(`${cutOff}#1 dead, `, '')))).toEqual(
    new Set([states.toSorted().join(', ')]),
  );
});

it('ends the actors of a node that reads that it was declared dead', async () => {
  const { simulation, node, run, leader, start, views } = await setup({ hosts: 2, others: ['g1', 'g2'] });
  const lost = node('g2');
  for (const other of simulation.nodes.keys()) if (other !== 'g2') simulation.cut('g2', other);
  await run(20_000);
  expect(node(leader()).view.member('g2')?.state).toBe('dead');
  simulation.heal();
  await run(5_000);
  expect(await lost.system.terminated).toMatchObject({ code: 'node-declared-dead', node: 'g2' });
  lost.crash();
  start('g2', 'gateway');
  await run(5_000);
  expect(views()[0]).toContain('g2#2 up');
});

it('keeps a node dead although the log has lost the view of its death, if the next leader has seen that view', async () => {
  const { simulation, node, run, leader, views } = await setup({ hosts: 3, others: ['g1', 'g2'] });
  const log = simulation.hub.logs.stream(controlLog);
  const before = log.newest('d1.test.ctl.control.view');
  await declareDead(simulation, run, 'g2');
  expect(node(leader()).view.member('g2')?.state).toBe('dead');
  node(leader()).crash();
  // A power cut takes the view from the disk, and brings the one back that it replaced.
  log.rollBack(1);
  log.accept(before as NewRecord, 0);
  simulation.heal();
  await run(10_000);
  expect(node(leader()).view.member('g2')?.state).toBe('dead');
  expect(new Set(views().slice(0, 2)).size).toBe(1);
});

it('talks again with a node that the view lists again, because the log has lost its death', async () => {
  const { simulation, node, run, leader, start } = await setup({ hosts: 1, others: ['g1', 'g2'] });
  await declareDead(simulation, run, 'g2');
  expect(node('g1').view.member('g2')?.state).toBe('dead');
  node(leader()).crash();
  simulation.hub.logs.rollBack(controlLog, 1);
  simulation.heal();
  start('h1', 'host');
  await run(15_000);
  expect([node('g1'), node('g2')].map(({ view }) => view.member('g2')?.state)).toEqual(['up', 'up']);
  const answers: string[] = [];
  node('g2').system.spawn(
    props<string>(() => receive((text) => void answers.push(text)), { protocol: z.string() }),
    'somebody',
  );
  const home = props<string>(() => receive((text) => void answers.push(text)), { protocol: z.string() });
  node('g1').system.spawn(home, 'somebody');
  node('g1').system.refFor<string>('g2', 'somebody').tell('to g2');
  node('g2').system.refFor<string>('g1', 'somebody').tell('to g1');
  await run(1_000);
  expect(answers.toSorted()).toEqual(['to g1', 'to g2']);
});

it('gives up a view that the log has lost unnoticed, since for 15 s the leader announces another one', async () => {
  const { node, run, epochs } = await setup({ hosts: 2 });
  const { view } = node('h2');
  const [before] = epochs();
  (view as ViewFollower).take({ ...(view.current() as View), fence: Number.MAX_SAFE_INTEGER, epoch: 99 });
  await run(10_000);
  expect(view.current()?.epoch).toBe(99);
  await run(10_000);
  expect(epochs()).toEqual([before, before, before]);
});

it('drains a node on request, lets it leave, and refuses for a node that it does not know', async () => {
  const { node, run } = await setup();
  const ask = async (action: 'drain' | 'leave', name: string) => {
    const asked = requestView(node('g1'), { action, node: name });
    await run(1_000);
    return asked;
  };
  expect(await ask('drain', 'h2')).toMatchObject({ ok: true, state: 'draining' });
  expect(node('h2').view.member('h2')?.state).toBe('draining');
  expect(await ask('leave', 'h2')).toMatchObject({ ok: true, state: 'leaving' });
  expect(await ask('drain', 'nobody')).toEqual({ ok: false, code: 'unknown-node' });
});

it('reports a missing leader to those who ask', async () => {
  const { node, run, control } = await setup({ hosts: 1 });
  await control('h1').stop();
  await run(10_000);
  expect(await requestView(node('g1'), { action: 'drain', node: 'h1' })).toEqual({
    ok: false,
    code: 'no-leader',
  });
});

it('adds and removes voters one at a time, and refuses what would leave no quorum', async () => {
  const { node, run } = await setup({ hosts: 1 });
  const ask = async (request: VoterRequest) => {
    const asked = requestVoters(node('g1'), request);
    await run(1_500);
    return asked;
  };
  expect(await ask({ list: true })).toEqual({ ok: true, voters: ['h1'] });
  expect(await ask({ remove: 'h1' })).toEqual({ ok: false, code: 'last-voter' });
  expect(await ask({ add: 'g1' })).toEqual({ ok: false, code: 'not-eligible' });
});

it('elects among the new voters after a voter was added, and hands over on request', async () => {
  const { node, run, start, leader } = await setup({ hosts: 1 });
  start('h2', 'host');
  start('h3', 'host');
  await run(3_000);
  const heard = followLeaders(node('g1'));
  for (const name of ['h2', 'h3']) {
    const added = requestVoters(node('g1'), { add: name });
    await run(2_000);
    expect(await added).toMatchObject({ ok: true });
  }
  const [control] = heard.all();
  expect(control).toMatchObject({ group: 'control', leader: { node: 'h1' }, elections: 1 });
  const moved = requestTransfer(node('g1'), control as never, 'h3');
  await run(3_000);
  expect([await moved, leader()]).toEqual([{ ok: true, leader: 'h3' }, 'h3']);
  node('h3').crash();
  await run(6_000);
  expect(['h1', 'h2']).toContain(leader());
  const refused = requestVoters(node('g1'), { remove: leader() });
  await run(1_000);
  expect(await refused).toEqual({ ok: false, code: 'no-quorum' });
  const dropped = requestVoters(node('g1'), { remove: 'h3' });
  await run(1_000);
  expect(await dropped).toEqual({ ok: true, voters: ['h1', 'h2'] });
  const nobody = requestTransfer(node('g1'), heard.all()[0] as never, 'g1');
  await run(1_000);
  expect(await nobody).toEqual({ ok: false, code: 'not-a-candidate' });
});
