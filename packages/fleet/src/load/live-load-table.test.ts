import { createTestHub, createTestNode, settle } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { type FleetConfig, resolveConfig } from '../config.ts';
import type { LoadReport, ModelLoad } from '../protocol/load-report.ts';
import { encodeLoadReport } from '../protocol/load-report-codec.ts';
import { instanceLoad, modelLoad } from '../testing/evidence.ts';
import { createLoadTable } from './live-load-table.ts';

function setup(partial: Partial<FleetConfig> = {}) {
  const hub = createTestHub();
  const logged: object[] = [];
  const quiet = { debug() {}, info() {}, error() {} };
  const log = { ...quiet, warn: (fields: object) => void logged.push(fields) };
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'], log });
  const table = createLoadTable(node, resolveConfig(partial));
  const bus = hub.bus.connect('bus');
  let changes = 0;
  table.onChange(() => {
    changes += 1;
  });
  const publish = async (sender: string, payload: Uint8Array): Promise<void> => {
    bus.publish(node.subjects.load(sender), payload);
    await settle();
  };
  const report = (sender: string, seq: number, more: Partial<LoadReport> = {}): Promise<void> =>
    publish(
      sender,
      encodeLoadReport({ v: 1, node: sender, incarnation: 1, seq, instances: [instanceLoad()], ...more }),
    );
  return { hub, node, table, publish, report, logged, changes: () => changes };
}

function cold(models: readonly string[]): ModelLoad[] {
  return models.map((name) => modelLoad({ name, loaded: false }));
}

describe('the load table', () => {
  it('keeps the newest report of each node, sorted, with its age', async () => {
    const { hub, table, report, changes } = setup();
    expect(table.hasReports).toBe(false);
    await report('b', 1);
    await report('a', 1, { instances: [instanceLoad({ name: 'y' }), instanceLoad({ name: 'x', busy: 1 })] });
    hub.clock.advance(500);
    const seen = table
      .instances()
      .map(({ node, load, ageMs, alive }) => [node, load.name, load.busy, ageMs, alive]);
    expect(seen).toEqual([
      ['a', 'x', 1, 500, true],
      ['a', 'y', 0, 500, true],
      ['b', 'ollama-1', 0, 500, true],
    ]);
    expect(table.hasReports).toBe(true);
    expect(changes()).toBe(2);
  });

  it('ignores older reports of an incarnation and every report of an older incarnation', async () => {
    const { table, report } = setup();
    await report('a', 5, { instances: [instanceLoad({ busy: 1 })] });
    await report('a', 4, { instances: [instanceLoad({ busy: 2 })] });
    await report('a', 5, { instances: [instanceLoad({ busy: 2 })] });
    expect(table.instances()[0]?.load.busy).toBe(1);
    await report('a', 1, { incarnation: 2, instances: [instanceLoad({ busy: 0 })] });
    await report('a', 9, { incarnation: 1, instances: [instanceLoad({ busy: 2 })] });
    expect(table.instances().map(({ nodeIncarnation, load }) => [nodeIncarnation, load.busy])).toEqual([
      [2, 0],
    ]);
    expect(table.counters.stale).toBe(3);
  });

  it('counts messages that are no report or name another node, and warns once for each sender', async () => {
    const { table, publish, report, logged } = setup();
    await publish('a', Buffer.from('garbage'));
    await publish('a', encodeLoadReport({ v: 1 } as LoadReport));
    await publish('a', new Uint8Array());
    await report('b', 1, { node: 'a' });
    expect(table.counters).toEqual({ bad: 4, stale: 0, overflow: 0 });
    expect(logged).toEqual([
      { peer: 'a', detail: expect.any(String) },
      { peer: 'b', detail: 'names the node a' },
    ]);
    expect(table.hasReports).toBe(false);
    expect(table.instances()).toEqual([]);
  });

  it('keeps at most maxNodes', async () => {
    const { table, report } = setup({ maxNodes: 2 });
    for (const node of ['a', 'b', 'c', 'd']) await report(node, 1);
    expect(table.instances().map(({ node }) => node)).toEqual(['a', 'b']);
    expect(table.counters.overflow).toBe(2);
  });

  it('shows an instance as not alive when its node has left, and forgets it later', async () => {
    const { hub, table, report } = setup();
    const host = createTestNode(hub, { nodeId: 'a', roles: ['node-agent'] });
    await settle();
    await report('a', 1);
    expect(table.instances()[0]?.alive).toBe(true);
    const leaving = host.leave();
    await settle();
    expect(table.instances()[0]?.alive).toBe(false);
    expect(table.modelNames()).toEqual([]);
    hub.clock.advance(60_001);
    await settle();
    expect(table.instances()).toEqual([]);
    await leaving;
  });

  it('lists the models of ready instances once', async () => {
    const { table, report } = setup();
    await report('a', 1, { instances: [instanceLoad({ models: cold(['z:latest', 'a:1']) })] });
    await report('b', 1, { instances: [instanceLoad({ models: cold(['a:1', 'b:1']) })] });
    await report('c', 1, { instances: [instanceLoad({ state: 'down', models: cold(['c:1']) })] });
    expect(table.modelNames()).toEqual(['a:1', 'b:1', 'z:latest']);
  });

  it('suspects a node until its next report', async () => {
    const { table, report } = setup();
    await report('a', 1);
    table.suspect('a');
    expect(table.instances()[0]?.suspect).toBe(true);
    await report('a', 2);
    expect(table.instances()[0]?.suspect).toBe(false);
  });

  it('counts a request as pending until a report after its acceptance, or its end, and as gone after both', async () => {
    const { table, report } = setup();
    const pending = (): number | undefined => table.instances()[0]?.pending;
    await report('a', 1);
    const instance = table.instances()[0];
    if (instance === undefined) throw new Error('no instance');
    const [one, two] = [table.open(instance), table.open(instance)];
    expect(pending()).toBe(2);
    await report('a', 2);
    expect(pending()).toBe(2);
    one.accepted();
    await report('a', 3);
    expect(pending()).toBe(1);
    two.accepted();
    two.release();
    two.release();
    expect(pending()).toBe(0);
    one.release();
    expect(pending()).toBe(-1);
    await report('a', 4);
    expect(pending()).toBe(0);
  });
});
