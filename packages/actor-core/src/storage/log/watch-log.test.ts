import { expect, it } from 'vitest';
import { StoreUnavailableError } from '../../errors.ts';
import { memoryLogsKit, type MemoryLogsKit } from '../../testing/memory-logs.ts';
import type { Log } from './log.ts';
import type { LogSpec } from './log-spec.ts';
import { type LogWatch, watchLog, type WatchOptions } from './watch-log.ts';

const spec: LogSpec = { name: 'L', subjects: ['l.>'], historyPerSubject: 0, feed: 'feed.L' };

interface Bundle extends MemoryLogsKit {
  readonly seen: string[];
  readonly append: (...values: string[]) => Promise<void>;
  readonly watch: (options?: Partial<WatchOptions>) => Promise<LogWatch>;
}

async function setup(): Promise<Bundle> {
  const kit = memoryLogsKit();
  await kit.log.ensure(spec);
  const seen: string[] = [];
  return {
    ...kit,
    seen,
    async append(...values) {
      for (const value of values)
        await kit.log.append('L', { subject: `l.${value[0]}`, payload: new TextEncoder().encode(value) });
    },
    watch: (options) =>
      watchLog({
        log: kit.log,
        name: 'L',
        clock: kit.clock,
        onRecord: (record) => seen.push(new TextDecoder().decode(record.payload)),
        onCaughtUp: () => seen.push('caught up'),
        onReset: (reason) => seen.push(reason),
        ...options,
      }),
  };
}

it('delivers what is there, reports that it caught up, and goes on with new records', async () => {
  const { append, watch, seen, pass } = await setup();
  await append('a1', 'b1');
  const running = await watch();
  await pass(0);
  await append('a2');
  await pass(0);
  expect(seen).toEqual(['a1', 'b1', 'caught up', 'a2']);
  expect(running.reads).toBe(1);
  running.close();
});

it('delivers what is accepted while it catches up, once and in order', async () => {
  const { append, watch, seen, pass } = await setup();
  await append(...Array.from({ length: 600 }, (_, i) => `a${i}`));
  const running = await watch();
  await append('b1', 'b2');
  await pass(0);
  const values = seen.filter((value) => value !== 'caught up');
  expect(values).toEqual([...Array.from({ length: 600 }, (_, i) => `a${i}`), 'b1', 'b2']);
  running.close();
});

it('reads what was announced in vain once the next announcement shows a gap', async () => {
  const { append, watch, seen, pass, plan } = await setup();
  const running = await watch();
  await pass(0);
  plan('announce', 'announcement-lost', 'announcement-lost');
  await append('a1', 'a2', 'a3');
  await pass(0);
  expect(seen).toEqual(['caught up', 'a1', 'a2', 'a3']);
  running.close();
});

it('asks the leader after a silence, and reads what the feed did not announce', async () => {
  const { append, watch, seen, pass, plan } = await setup();
  const running = await watch({ watchdogMs: 1_000 });
  await pass(0);
  plan('announce', 'announcement-lost');
  await append('a1');
  await pass(900);
  expect(seen).toEqual(['caught up']);
  await pass(200);
  expect(seen).toEqual(['caught up', 'a1']);
  running.close();
});

it('reads what the feed did not announce when its caller has looked, and asks nothing itself', async () => {
  const { append, watch, seen, pass, plan, logs, log } = await setup();
  let asked = 0;
  const counting: Log = new Proxy(log, {
    get: (target, key) => {
      if (key === 'info') asked++;
      return (Reflect.get(target, key) as () => unknown).bind(target);
    },
  });
  const running = await watch({ log: counting, watchdogMs: 'none' });
  await pass(0);
  plan('announce', undefined, 'announcement-lost');
  await append('a1', 'a2');
  await pass(10_000);
  expect(seen).toEqual(['caught up', 'a1']);
  // Records have arrived since the last look: the one that is missing may be on its way.
  running.noteInfo(logs.info('L'));
  await pass(0);
  expect(seen).toEqual(['caught up', 'a1']);
  running.noteInfo(logs.info('L'));
  await pass(0);
  expect(seen).toEqual(['caught up', 'a1', 'a2']);
  expect(asked).toBe(1);
  running.close();
});

it('repeats a read that failed', async () => {
  const { append, watch, seen, pass, plan } = await setup();
  await append('a1');
  plan('read', undefined, 'away', 'away');
  const running = await watch({ retryMs: 100 });
  await pass(300);
  expect(seen).toEqual(['a1', 'caught up']);
  running.close();
});

it('delivers only the subjects of its filter', async () => {
  const { append, watch, seen, pass } = await setup();
  await append('a1', 'b1');
  const running = await watch({ filter: 'l.a' });
  await pass(0);
  await append('b2', 'a2');
  await pass(0);
  expect(seen).toEqual(['a1', 'caught up', 'a2']);
  expect(running.next).toBe(5);
  running.close();
});

it('begins at the sequence asked for', async () => {
  const { append, watch, seen, pass } = await setup();
  await append('a1', 'a2', 'a3');
  const running = await watch({ from: 3 });
  await pass(0);
  expect(seen).toEqual(['a3', 'caught up']);
  running.close();
});

it('begins again when the log was replaced by another one of that name', async () => {
  const { append, watch, seen, pass, logs, log } = await setup();
  await append('a1', 'a2');
  const running = await watch({ watchdogMs: 1_000 });
  await pass(0);
  logs.wipe();
  await log.ensure(spec);
  await append('b1');
  await pass(1_100);
  expect(seen).toEqual(['a1', 'a2', 'caught up', 'replaced', 'b1', 'caught up']);
  running.close();
});

it('begins again when the log lost records that were delivered', async () => {
  const { append, watch, seen, pass, logs } = await setup();
  await append('a1', 'a2', 'a3');
  const running = await watch();
  await pass(0);
  logs.rollBack('L', 2);
  await pass(50);
  await append('b2');
  await pass(0);
  expect(seen).toEqual(['a1', 'a2', 'a3', 'caught up', 'rolled-back', 'a1', 'b2', 'caught up']);
  running.close();
});

it('begins again when the log lost records, and grew again past what was delivered', async () => {
  const { append, watch, seen, pass, logs, plan } = await setup();
  await append('a1', 'a2', 'a3');
  const running = await watch();
  await pass(0);
  logs.rollBack('L', 2);
  await pass(50);
  plan('announce', 'announcement-lost', 'announcement-lost', 'announcement-lost');
  await append('b2', 'b3', 'b4', 'b5');
  await pass(0);
  const begun = ['rolled-back', 'a1', 'b2', 'b3', 'b4', 'b5', 'caught up'];
  expect(seen).toEqual(['a1', 'a2', 'a3', 'caught up', ...begun]);
  running.close();
});

it('begins again when the log stays shorter than what was delivered', async () => {
  const { append, watch, seen, pass, logs } = await setup();
  await append('a1', 'a2');
  const running = await watch({ watchdogMs: 1_000 });
  await pass(0);
  logs.rollBack('L', 1);
  await pass(4_500);
  expect(seen).toEqual(['a1', 'a2', 'caught up']);
  await pass(1_000);
  expect(seen).toEqual(['a1', 'a2', 'caught up', 'rolled-back', 'a1', 'caught up']);
  running.close();
});

it('goes on when a server that lags behind answered for the leader', async () => {
  const { append, watch, seen, pass, logs, log } = await setup();
  await append('a1', 'a2');
  const info = log.info.bind(log);
  let isLagging = false;
  const lagging: Log = new Proxy(log, {
    get: (target, key) =>
      key === 'info'
        ? async (name: string) => ({ ...(await info(name)), ...(isLagging ? { lastSequence: 1 } : {}) })
        : (Reflect.get(target, key) as () => unknown).bind(target),
  });
  const running = await watch({ log: lagging, watchdogMs: 1_000 });
  await pass(0);
  isLagging = true;
  await pass(2_500);
  isLagging = false;
  await append('a3');
  await pass(5_000);
  expect(seen).toEqual(['a1', 'a2', 'caught up', 'a3']);
  expect(logs.stream('L').info.lastSequence).toBe(3);
  running.close();
});

it('delivers nothing after it was closed', async () => {
  const { append, watch, seen, pass } = await setup();
  const running = await watch();
  await pass(0);
  running.close();
  await append('a1');
  await pass(5_000);
  expect(seen).toEqual(['caught up']);
});

it('delivers nothing twice when records are announced while it asks', async () => {
  const { append, watch, seen, pass, log } = await setup();
  const info = log.info.bind(log);
  const { promise: answer, resolve: answerNow } = Promise.withResolvers<void>();
  let isHeld = false;
  const slow: Log = new Proxy(log, {
    get: (target, key) =>
      key === 'info'
        ? async (name: string) => {
            const known = await info(name);
            if (isHeld) await answer;
            return known;
          }
        : (Reflect.get(target, key) as () => unknown).bind(target),
  });
  const running = await watch({ log: slow, watchdogMs: 1_000 });
  await pass(0);
  isHeld = true;
  await pass(1_100);
  await append('a1', 'a2');
  await pass(0);
  answerNow();
  await append('a3');
  await pass(2_500);
  expect(seen).toEqual(['caught up', 'a1', 'a2', 'a3']);
  running.close();
});

it('follows nothing after a start that failed', async () => {
  const { watch, plan, log } = await setup();
  const follow = log.follow.bind(log);
  let open = 0;
  log.follow = async (name, follower) => {
    const following = await follow(name, follower);
    open++;
    return {
      close() {
        open--;
        following.close();
      },
    };
  };
  plan('read', 'away');
  await expect(watch()).rejects.toThrow(StoreUnavailableError);
  expect(open).toBe(0);
});

it('follows nothing after a start whose answer was lost', async () => {
  const { append, watch, seen, plan, pass, log } = await setup();
  plan('follow', 'reply-lost');
  await expect(watch()).rejects.toThrow(StoreUnavailableError);
  plan('follow', 'reply-lost');
  const heard: string[] = [];
  await expect(log.follow('L', { onRecord: ({ subject }) => heard.push(subject) })).rejects.toThrow(
    StoreUnavailableError,
  );
  await append('a1');
  await pass(0);
  expect(seen).toEqual([]);
  expect(heard).toEqual([]);
});
