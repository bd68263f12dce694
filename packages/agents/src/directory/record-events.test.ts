import type { EventPublisher } from '@drover/fleet';
import { expect, it } from 'vitest';
import type { AgentRecord } from './agent-record.ts';
import { RecordEvents } from './record-events.ts';
import type { RunRecord } from './run-record.ts';

function setup() {
  const told: unknown[] = [];
  const events: EventPublisher = {
    publish: (type, { tenant, payload }) => {
      told.push([type, tenant, payload]);
      return 'e';
    },
    stats: { published: 0, dropped: 0, waiting: 0 },
    close: () => Promise.resolve(),
  };
  const records = new RecordEvents(events);
  let writes = 0;
  return {
    told,
    records,
    agent: (record: Partial<AgentRecord>): number => {
      writes += 1;
      const whole = { id: 'a', type: 't', name: 'n', model: 'm', life: 'active', node: '', incarnation: 1 };
      records.noteEffect({
        type: 'write-agent',
        write: writes,
        record: { ...whole, ...record } as AgentRecord,
      });
      return writes;
    },
    run: (record: Partial<RunRecord>): number => {
      writes += 1;
      const whole = { runId: 'r', agentId: 'a', ...record } as RunRecord;
      records.noteEffect({ type: 'write-run', write: writes, record: whole });
      return writes;
    },
  };
}

const payload = { agent: 'a', type: 't', name: 'n', model: 'm' };

it('tells that an agent was spawned, placed and stopped, in its tenant', () => {
  const { told, records, agent } = setup();
  records.noteWritten(agent({}));
  records.noteWritten(agent({ node: 'h1', tenant: 'acme' }));
  records.noteWritten(agent({ node: 'h2', incarnation: 2 }));
  records.noteWritten(agent({ node: 'h2', incarnation: 2, life: 'stopped' }));
  expect(told).toEqual([
    ['agent.spawned', 'default', payload],
    ['agent.placed', 'acme', { ...payload, node: 'h1', incarnation: 1 }],
    ['agent.placed', 'default', { ...payload, node: 'h2', incarnation: 2 }],
    ['agent.stopped', 'default', payload],
  ]);
});

it('tells nothing before a record is durable, nothing of a withdrawn agent, and nothing twice', () => {
  const { told, records, agent } = setup();
  const write = agent({});
  expect(told).toEqual([]);
  records.noteWritten(write);
  records.noteWritten(write);
  records.noteWritten(agent({}));
  records.noteWritten(agent({ id: 'b', withdrawn: true }));
  expect(told).toHaveLength(1);
});

it('tells how a run ended, without its input and output', () => {
  const { told, records, run } = setup();
  records.noteWritten(run({ input: 'secret' }));
  records.noteWritten(run({ input: 'secret', node: 'other' }));
  const usage = { promptTokens: 1, completionTokens: 1, durationMs: 1 };
  records.noteWritten(run({ outcome: { status: 'completed', output: 'secret', usage } }));
  records.noteWritten(run({ runId: 'r2', outcome: { status: 'failed', code: 'deadline', message: 'x' } }));
  expect(told).toEqual([
    ['run.submitted', 'default', { run: 'r', agent: 'a' }],
    ['run.finished', 'default', { run: 'r', agent: 'a', status: 'completed' }],
    ['run.finished', 'default', { run: 'r2', agent: 'a', status: 'failed', code: 'deadline' }],
  ]);
});

it('forgets what was on its way when the tenure ends', () => {
  const { told, records, agent } = setup();
  const write = agent({});
  records.clear();
  records.noteWritten(write);
  expect(told).toEqual([]);
});
