import { Deadlines } from '../clock/deadlines.ts';
import type { Expiring } from '../clock/expiring.ts';
import { RequestTimeoutError, StoreUnavailableError, TransportDisconnectedError } from '../errors.ts';
import { lateMs, type LogFault, type LogOperation } from '../storage/log/log-fault.ts';
import type { PathLimits, StorePath } from '../storage/log/store-path.ts';
import type { SimulatedStore } from './simulated-store.ts';
import type { StoreUser } from './test-node.ts';

type Kind = LogOperation['kind'];

/** Timeouts and repetitions of the adapter of JetStream. */
const attemptMs = 1_000;
const batchAttemptMs = 3_000;
const pullMs = 2_000;
const operationMs = 5_000;
const retryMs = 20;
const retryJitterMs = 60;
/** A late append is done at most this long after its caller stopped waiting. */
const mostLateMs = 1_000;
const repeated: readonly Kind[] = ['ensure', 'read', 'remove', 'follow', 'settle'];

/** One attempt that waits for its reply. */
class Attempt<T> implements Expiring {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: Expiring['list'] = undefined;
  readonly operation: LogOperation;
  readonly act: (fault: LogFault | undefined) => T;
  readonly timeoutMs: number;
  readonly reply: Promise<T>;
  readonly #settle: PromiseWithResolvers<T>;

  constructor(operation: LogOperation, act: (fault: LogFault | undefined) => T, timeoutMs: number) {
    this.operation = operation;
    this.act = act;
    this.timeoutMs = timeoutMs;
    this.#settle = Promise.withResolvers<T>();
    this.reply = this.#settle.promise;
  }

  resolve(result: T): void {
    this.list?.remove(this);
    this.#settle.resolve(result);
  }

  reject(error: unknown): void {
    this.list?.remove(this);
    this.#settle.reject(error);
  }

  expire(): void {
    this.#settle.reject(new RequestTimeoutError(this.operation.log, this.timeoutMs));
  }
}

/**
 * The way of one simulated process to the store. Requests and replies take virtual time, travel on the connection of
 * the bus, in order, and replies arrive as turns of the process: a paused process gets them at the end of its pause, a
 * crashed one never.
 */
export class SimulatedPath implements StorePath {
  readonly #store: SimulatedStore;
  readonly #user: StoreUser;
  readonly #listeners = new Set<() => void>();
  readonly #deadlines: Deadlines;
  /** Changes with each loss of the connection: what was on the way then is lost. */
  #connection = 0;
  #lastRequestMs = 0;
  #lastReplyMs = 0;

  constructor(store: SimulatedStore, user: StoreUser) {
    this.#store = store;
    this.#user = user;
    this.#deadlines = new Deadlines(user.clock);
    user.transport.onConnectionChange((connected) => {
      if (!connected) this.#connection++;
      else for (const listener of this.#listeners) user.scheduler.schedule(listener);
    });
  }

  async perform<T>(
    operation: LogOperation,
    act: (fault: LogFault | undefined) => T,
    limits: PathLimits = { withinMs: operationMs, repeatableMs: operationMs },
  ): Promise<T> {
    const { clock, transport } = this.#user;
    const deadlineMs = clock.now() + Math.min(operationMs, limits.withinMs);
    const repeatableUntilMs = Math.min(deadlineMs, clock.now() + limits.repeatableMs);
    const isRepeated = repeated.includes(operation.kind);
    for (;;) {
      if (!transport.connected) throw unavailable(operation, new TransportDisconnectedError());
      const attempt = new Attempt(operation, act, attemptMsOf(operation));
      const leftMs = isRepeated ? Math.max(1, deadlineMs - clock.now()) : Number.POSITIVE_INFINITY;
      if (leftMs < attempt.timeoutMs) this.#deadlines.addOnce(attempt, leftMs);
      else this.#deadlines.add(attempt, attempt.timeoutMs);
      this.#toStore(attempt);
      try {
        return await attempt.reply;
      } catch (error) {
        if (!(error instanceof RequestTimeoutError)) throw error;
        const pauseMs = retryMs + retryJitterMs * this.#store.draw();
        if (!isRepeated || clock.now() + pauseMs >= repeatableUntilMs) throw unavailable(operation, error);
        await new Promise<void>((resolve) => clock.setTimer(pauseMs, resolve));
      }
    }
  }

  announce(operation: LogOperation, deliver: () => void): boolean {
    const { transport } = this.#user;
    if (transport.isClosed) return false;
    if (!transport.connected) return true;
    const copies = this.#store.copiesOf(operation);
    for (let copy = 0; copy < copies; copy++) this.#toProcess(deliver);
    return true;
  }

  onInterrupted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #toStore<T>(attempt: Attempt<T>): void {
    const { clock } = this.#store;
    const connection = this.#connection;
    const { restarts } = this.#store;
    this.#lastRequestMs = Math.max(this.#lastRequestMs, clock.now() + this.#store.delayMs());
    const arrive = () => {
      const stillMs = this.#store.standsStillUntilMs - clock.now();
      if (stillMs > 0) return void clock.setTimer(stillMs, arrive);
      if (restarts !== this.#store.restarts) return undefined;
      // What was sent just before the connection was lost may have arrived.
      if (connection !== this.#connection && this.#store.draw() < 0.5) return undefined;
      return this.#arrived(attempt);
    };
    clock.setTimer(this.#lastRequestMs - clock.now(), arrive);
  }

  /** The request has arrived at the store. */
  #arrived<T>(attempt: Attempt<T>): void {
    const { operation, act, timeoutMs } = attempt;
    const store = this.#store;
    const fault = store.faultOf(operation);
    const noted = (outcome: string) =>
      store.note(`store ${operation.node} ${operation.kind} ${operation.log} ${outcome}`);
    if (fault === 'away') return noted('away');
    if (fault === 'late') {
      const delayMs = timeoutMs + lateMs + mostLateMs * store.draw();
      const { restarts } = store;
      return void store.clock.setTimer(delayMs, () => {
        if (restarts === store.restarts) noted(outcomeOf(act));
      });
    }
    let reply: () => void;
    let outcome: string;
    try {
      const result = act(fault);
      outcome = describe(result);
      reply = () => attempt.resolve(result);
    } catch (error) {
      outcome = (error as Error).name;
      reply = () => attempt.reject(error);
    }
    noted(outcome);
    if (fault !== 'reply-lost') this.#toProcess(reply);
  }

  /** Brings a reply or an announcement to the process, behind those that are on the way. */
  #toProcess(deliver: () => void): void {
    const { clock } = this.#store;
    const { transport } = this.#user;
    if (!transport.connected) return;
    const connection = this.#connection;
    this.#lastReplyMs = Math.max(this.#lastReplyMs, clock.now() + this.#store.delayMs());
    const arrive = () => {
      const stillMs = this.#store.standsStillUntilMs - clock.now();
      if (stillMs > 0) clock.setTimer(stillMs, arrive);
      else if (connection === this.#connection) transport.enqueue(deliver);
    };
    clock.setTimer(this.#lastReplyMs - clock.now(), arrive);
  }
}

function attemptMsOf({ kind, isBatch }: LogOperation): number {
  if (kind === 'pull') return pullMs;
  return isBatch === true ? batchAttemptMs : attemptMs;
}

function unavailable({ log }: LogOperation, cause: unknown): StoreUnavailableError {
  return new StoreUnavailableError(log, { cause });
}

/** Does a late operation, whose reply nobody awaits. */
function outcomeOf(act: (fault: LogFault | undefined) => unknown): string {
  try {
    return `late ${describe(act(undefined))}`;
  } catch (error) {
    return `late ${(error as Error).name}`;
  }
}

/** What the trace says about a result. */
function describe(result: unknown): string {
  if (typeof result !== 'object' || result === null) return String(result);
  if ('kind' in result)
    return `${String(result.kind)} ${'sequence' in result ? String(result.sequence) : ''}`;
  if ('sequence' in result) return `#${String(result.sequence)}`;
  return Array.isArray(result) ? `${result.length} of them` : 'done';
}
