import type { Logger } from '@drover/actor-core';
import { silentLogger } from '@drover/actor-core';
import { createTestHub, createTestNode, MemoryHub, settle } from '@drover/actor-core/testing';
import { decodeLoadReport, type InstanceLoad } from '@drover/fleet';
import { expect, it } from 'vitest';
import { LoadReporter } from './load-reporter.ts';

const loadOf = (models: number): InstanceLoad => ({
  name: 'one',
  url: 'http://127.0.0.1:1',
  simulated: true,
  version: '1',
  state: 'ready',
  slots: 1,
  busy: 0,
  queued: 0,
  maxQueue: 1,
  catalogueRevision: 1,
  models: Array.from({ length: models }, (_, i) => ({
    name: `model-${i}`,
    digest: 'd',
    loaded: false,
    sizeBytes: 1,
    vramBytes: 0,
    busy: 0,
    queued: 0,
  })),
});

it('sends a report that is larger than a message in pages, and logs once how many models do not fit', async () => {
  const hub = createTestHub();
  const { clock, random, scheduler } = hub;
  const bus = new MemoryHub({ clock, random, scheduler, maxPayloadBytes: 2_000 });
  const complaints: unknown[] = [];
  const log: Logger = { ...silentLogger, error: (fields) => void complaints.push(fields) };
  const node = createTestNode({ ...hub, bus }, { nodeId: 'agent', log });
  const received: [models: number, pages: number | undefined][] = [];
  createTestNode({ ...hub, bus }, { nodeId: 'gate' }).transport.subscribe(
    node.subjects.load('agent'),
    ({ payload }) => {
      const report = decodeLoadReport(payload);
      if (typeof report !== 'string') received.push([report.instances[0]?.models.length ?? 0, report.pages]);
    },
  );
  let models = 100;
  const reporter = new LoadReporter(node, ['one'], 1_000);
  reporter.changed('one', () => loadOf(models));
  reporter.publish();
  await settle();
  expect(received.length).toBeGreaterThan(1);
  expect(received.reduce((sum, [count]) => sum + count, 0)).toBe(100);
  expect(received.every(([, pages]) => pages === received.length)).toBe(true);
  expect(complaints).toEqual([]);
  models = 3_000;
  reporter.publish();
  reporter.publish();
  await settle();
  expect(complaints).toMatchObject([{ models: expect.any(Number) as number }]);
  models = 2;
  reporter.publish();
  await settle();
  expect(received.at(-1)).toEqual([2, undefined]);
  reporter.stop();
});
