import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

// Loaded into the processes of a cluster with `--import`: on SIGUSR2 it counts what the process holds and writes the
// counts to `HEAP_WATCH_DIR/PID.json`. The heap is counted only if `PID.want` asks for it (`heap`): that takes up to a
// second, on a loaded machine a minute. `bytes` asks for no more than its size.

/** Timers, sockets and pipes that keep a process alive, by kind. */
export type Resources = Readonly<Record<string, number>>;

/** Objects in the memory of a process after a full garbage collection. */
export interface HeldInHeap {
  /** Listeners on all event emitters. */
  readonly listeners: number;
  /** Listeners for `abort` on all abort signals. */
  readonly abortListeners: number;
  /** Entries of all maps and sets. */
  readonly entries: number;
  /** The largest of these, as `entries, e.g. a key`, to find the owner of a leak. */
  readonly largest: readonly string[];
  readonly heapBytes: number;
}

export interface Held {
  readonly resources: Resources;
  readonly heap: HeldInHeap | null;
  /** Bytes of the heap after a full garbage collection; 0 if they were not asked for. */
  readonly usedBytes: number;
}

const session = new Session();
session.connect();

function post(method: string, params: object = {}): unknown {
  let result: unknown;
  // In the same thread the answer arrives before `post` returns.
  (
    session.post as (name: string, given: object, done: (error: Error | null, value: unknown) => void) => void
  ).call(session, method, params, (error, value) => {
    if (error) throw error;
    result = value;
  });
  return result;
}

/** Runs `count`, a function of the array of all live objects with that prototype. */
function countObjects(prototype: string, count: string): unknown {
  const { result } = post('Runtime.evaluate', {
    expression: prototype,
    objectGroup: 'watch',
  }) as { result: { objectId: string } };
  const { objects } = post('Runtime.queryObjects', {
    prototypeObjectId: result.objectId,
    objectGroup: 'watch',
  }) as { objects: { objectId: string } };
  const counted = post('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: count,
    returnByValue: true,
  }) as { result: { value: unknown } };
  post('Runtime.releaseObjectGroup', { objectGroup: 'watch' });
  return counted.result.value;
}

// A prototype has the property, but no object behind it, and throws.
function sumOver(prototype: string, expression: string): number {
  const sum = `function () { let sum = 0; for (const one of this) { try { sum += ${expression}; } catch {} } return sum; }`;
  return countObjects(prototype, sum) as number;
}

const events = "process.getBuiltinModule('node:events')";

const largest = `function () {
  const sized = [];
  for (const one of this) { try { if (one.size > 20) sized.push(one); } catch {} }
  return sized.sort((a, b) => b.size - a.size).slice(0, 12).map((one) => one.size + ', e.g. ' + String(one.keys().next().value).slice(0, 60));
}`;

function usedBytes(): number {
  post('HeapProfiler.collectGarbage');
  post('HeapProfiler.collectGarbage');
  return process.memoryUsage().heapUsed;
}

function heap(): HeldInHeap {
  const heapBytes = usedBytes();
  const maps = 'Map.prototype';
  const sets = 'Set.prototype';
  return {
    listeners: sumOver(`${events}.EventEmitter.prototype`, 'Object.values(one._events ?? {}).flat().length'),
    abortListeners: sumOver('AbortSignal.prototype', `${events}.getEventListeners(one, 'abort').length`),
    entries: sumOver(maps, 'one.size') + sumOver(sets, 'one.size'),
    largest: [maps, sets].flatMap((prototype) => countObjects(prototype, largest) as string[]),
    heapBytes,
  };
}

function resources(): Resources {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const folder = process.env['HEAP_WATCH_DIR'];
if (folder !== undefined) {
  process.on('SIGUSR2', () => {
    const file = join(folder, `${process.pid}.json`);
    const wanted = readFileSync(join(folder, `${process.pid}.want`), 'utf8');
    const held: Held = {
      resources: resources(),
      heap: wanted === 'heap' ? heap() : null,
      usedBytes: wanted === 'bytes' ? usedBytes() : 0,
    };
    writeFileSync(`${file}.part`, JSON.stringify(held));
    renameSync(`${file}.part`, file);
  });
}
