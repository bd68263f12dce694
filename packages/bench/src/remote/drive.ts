import { reportEvery, type RemoteCaller, tellWindow, text } from './remote-arm.ts';

export type RemoteWorkloadName = 'ask-256' | 'tell-128' | 'ask-1';

/** Result of a caller. Instants are wall clock milliseconds, so that those of several pairs can be compared. */
export interface RemoteOutcome {
  readonly sent: number;
  readonly delivered: number;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** Latencies of the questions, for the sequential workload. */
  readonly latencies?: { readonly p50Micros: number; readonly p99Micros: number };
}

const inFlight = 256;
const progressTimeoutMs = 20_000;

/**
 * Performs one workload through a caller.
 *
 * @throws Error when an answer is wrong or missing, or the responder sends nothing
 */
export async function drive(
  caller: RemoteCaller,
  workload: RemoteWorkloadName,
  count: number,
): Promise<RemoteOutcome> {
  const beganAtMs = wallNow();
  const seen = await (workload === 'tell-128'
    ? tellAll(caller, count)
    : workload === 'ask-256'
      ? askMany(caller, count)
      : askInTurn(caller, count));
  return { sent: count, beganAtMs, endedAtMs: wallNow(), ...seen };
}

async function askMany(caller: RemoteCaller, count: number): Promise<{ delivered: number }> {
  let next = 0;
  let delivered = 0;
  const askOn = async (): Promise<void> => {
    while (next < count) {
      const seq = next;
      next += 1;
      if ((await caller.ask(seq, text)) !== seq) throw new Error(`question ${seq} got a wrong answer`);
      delivered += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, askOn));
  return { delivered };
}

async function askInTurn(
  caller: RemoteCaller,
  count: number,
): Promise<Pick<RemoteOutcome, 'delivered' | 'latencies'>> {
  const micros = new Float64Array(count);
  for (let seq = 0; seq < count; seq += 1) {
    const at = performance.now();
    if ((await caller.ask(seq, text)) !== seq) throw new Error(`question ${seq} got a wrong answer`);
    micros[seq] = (performance.now() - at) * 1000;
  }
  micros.sort();
  const at = (part: number): number => micros[Math.min(count - 1, Math.floor(count * part))] as number;
  return { delivered: count, latencies: { p50Micros: at(0.5), p99Micros: at(0.99) } };
}

/** Number of tells that the responder has handled, over all calls with this caller. */
const handledBy = new WeakMap<RemoteCaller, { handled: number; changed: () => void }>();

async function tellAll(caller: RemoteCaller, count: number): Promise<{ delivered: number }> {
  if (caller.tell === undefined || caller.onHandled === undefined) throw new Error('the arm has no tell');
  let known = handledBy.get(caller);
  if (known === undefined) {
    const fresh = { handled: 0, changed: () => {} };
    handledBy.set(caller, fresh);
    caller.onHandled((handled) => {
      fresh.handled = handled;
      fresh.changed();
    });
    known = fresh;
    // The responder must know the listener before its first report.
    await caller.ask(0, text);
  }
  const before = known.handled;
  const total = Math.ceil(count / reportEvery) * reportEvery;
  let sent = 0;
  while (known.handled - before < total) {
    const room = Math.min(total - sent, tellWindow - (sent - (known.handled - before)));
    for (let i = 0; i < room; i += 1) caller.tell(sent++, text);
    await nextReport(known);
  }
  // `total` is rounded up to whole reports, so more than `count` can be handled.
  return { delivered: Math.min(count, known.handled - before) };
}

function nextReport(known: { changed: () => void }): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`no tell was reported as handled for ${progressTimeoutMs} ms`)),
    progressTimeoutMs,
  );
  known.changed = () => {
    clearTimeout(timer);
    resolve();
  };
  return promise;
}

function wallNow(): number {
  return performance.timeOrigin + performance.now();
}
