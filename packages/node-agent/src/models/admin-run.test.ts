import type { AdminJob, AdminReport } from '@drover/fleet';
import { ManualClock, settle } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { runAdminJob } from './admin-run.ts';
import type { AdminOutcome, OllamaAdmin } from './ollama-admin.ts';

const job: AdminJob = {
  v: 1,
  id: 'run-1',
  batch: 'b',
  node: 'a',
  instance: 'o',
  operation: 'pull',
  model: 'm',
  request: {},
  state: 'waiting',
  steps: [],
  attempts: 0,
  submittedAtMs: 0,
};

type Attempt = Parameters<OllamaAdmin['perform']>[1] & { end(outcome: AdminOutcome): void };

function setup(over: Partial<AdminJob> = {}) {
  const clock = new ManualClock();
  const attempts: Attempt[] = [];
  const reports: Pick<AdminReport, 'event' | 'steps' | 'error' | 'errorStatus'>[] = [];
  const answers = { next: 'noted' as 'noted' | 'gone' | undefined };
  const order: string[] = [];
  const stop = new AbortController();
  const ollama: OllamaAdmin = {
    perform: (_job, options) =>
      new Promise((resolve) => {
        attempts.push({ ...options, end: resolve });
        options.signal.addEventListener('abort', () => resolve({ kind: 'lost', reason: 'aborted' }));
      }),
    hasBlob: () => Promise.resolve({ status: 404 }),
    putBlob: () => Promise.resolve({ status: 201 }),
    close: () => undefined,
  };
  const ended = runAdminJob(
    {
      job: { ...job, ...over },
      jobs: {
        report: ({ event, steps, error, errorStatus }) => {
          if (answers.next !== undefined) order.push(event);
          reports.push({ event, steps, ...(error && { error }), ...(errorStatus && { errorStatus }) });
          return Promise.resolve(answers.next);
        },
      },
      ollama,
      relist: () => {
        order.push('relist');
        return Promise.resolve();
      },
      clock,
    },
    stop.signal,
  );
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      await settle(10);
      clock.advance(Math.min(100, left));
    }
  };
  return { attempts, reports, answers, order, ended, stop, pass };
}

it('reports the end after the models were listed again', async () => {
  const { attempts, order, ended, pass } = setup();
  await pass(0);
  attempts[0]?.end({ kind: 'done' });
  await ended;
  expect(order).toEqual(['begun', 'relist', 'done']);
});

it('reports progress twice a second, and only what grows', async () => {
  const { attempts, reports, ended, pass } = setup();
  await pass(0);
  const step = (completed: number) =>
    attempts[0]?.onStep({ status: 'pulling x', digest: 'x', total: 100, completed });
  for (const completed of [10, 20, 5, 30, 40]) {
    step(completed);
    await pass(200);
  }
  await pass(600);
  const told = reports.map(({ steps }) => steps[0]?.completed ?? 0);
  expect(told).toEqual([...told].toSorted((a, b) => a - b));
  expect(told.at(-1)).toBe(40);
  expect(reports.length).toBeLessThan(6);
  attempts[0]?.end({ kind: 'done' });
  await ended;
});

it('attempts again, with growing pauses, while Ollama is away', async () => {
  const { attempts, order, ended, pass } = setup();
  await pass(0);
  attempts[0]?.end({ kind: 'lost', reason: 'refused' });
  await pass(600);
  attempts[1]?.end({ kind: 'lost', reason: 'refused' });
  await pass(600);
  expect(attempts).toHaveLength(2);
  await pass(600);
  expect(attempts).toHaveLength(3);
  attempts[2]?.end({ kind: 'done' });
  await ended;
  expect(order).toEqual(['begun', 'begun', 'begun', 'relist', 'done']);
});

it('reports what Ollama refuses, without another attempt', async () => {
  const { attempts, reports, ended, pass } = setup();
  await pass(0);
  attempts[0]?.end({ kind: 'failed', error: 'pull model manifest: file does not exist', status: 400 });
  await ended;
  expect(reports.at(-1)).toMatchObject({
    event: 'failed',
    error: 'pull model manifest: file does not exist',
    errorStatus: 400,
  });
  expect(attempts).toHaveLength(1);
});

it('takes a model for deleted that an earlier attempt may have deleted', async () => {
  const first = setup({ operation: 'delete' });
  await first.pass(0);
  first.attempts[0]?.end({ kind: 'failed', error: 'not found', status: 404 });
  await first.ended;
  expect(first.order.at(-1)).toBe('failed');
  const again = setup({ operation: 'delete', attempts: 1 });
  await again.pass(0);
  again.attempts[0]?.end({ kind: 'failed', error: 'not found', status: 404 });
  await again.ended;
  expect(again.order.at(-1)).toBe('done');
});

it('repeats a report until a host has noted it', async () => {
  const { attempts, answers, order, ended, pass } = setup();
  await pass(0);
  answers.next = undefined;
  attempts[0]?.end({ kind: 'done' });
  await pass(3_000);
  expect(order).toEqual(['begun', 'relist']);
  answers.next = 'noted';
  await pass(1_100);
  await ended;
  expect(order).toEqual(['begun', 'relist', 'done']);
});

it('closes the request to Ollama when the job was cancelled, which a silent attempt notices too', async () => {
  const { attempts, answers, ended, pass } = setup();
  await pass(0);
  answers.next = 'gone';
  await pass(5_600);
  await ended;
  expect(attempts[0]?.signal.aborted).toBe(true);
});

it('leaves the job as it is when the node-agent stops', async () => {
  const { attempts, order, ended, stop, pass } = setup();
  await pass(0);
  stop.abort();
  await ended;
  expect(attempts[0]?.signal.aborted).toBe(true);
  expect(order).toEqual(['begun']);
});
