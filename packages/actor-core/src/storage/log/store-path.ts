import type { Clock } from '../../clock.ts';
import { StoreUnavailableError } from '../../errors.ts';
import type { Scheduler } from '../../scheduler.ts';
import { lateMs, type LogFault, type LogFaults, type LogOperation } from './log-fault.ts';

/** Limits of an operation, where its kind is repeated. */
export interface PathLimits {
  /** Longest time for all attempts. */
  readonly withinMs: number;
  /** Time after the first attempt in which another one may begin. */
  readonly repeatableMs: number;
}

/**
 * The way of one node to the logs in memory. It decides when an operation is done, whether it goes wrong, and when its
 * reply arrives.
 */
export interface StorePath {
  /**
   * Does `act` at the logs, once or, where the reply is missing, more often, as the adapter of JetStream repeats its
   * calls.
   *
   * @throws what `act` throws; StoreUnavailableError where no reply came
   */
  perform<T>(
    operation: LogOperation,
    act: (fault: LogFault | undefined) => T,
    limits?: PathLimits,
  ): Promise<T>;
  /** Brings an announcement to the follower. Returns false when the node is gone for good. */
  announce(operation: LogOperation, deliver: () => void): boolean;
  /** Calls the listener whenever the connection was lost and is back. Returns the unsubscriber. */
  onInterrupted(listener: () => void): () => void;
}

/** What a `DirectPath` runs on. */
export interface DirectPathOptions {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Decides about each operation. */
  readonly faults: () => LogFaults | undefined;
}

/** A path without distance: every operation is done and answered at once, unless a fault hits it. */
export class DirectPath implements StorePath {
  readonly #options: DirectPathOptions;
  readonly #inbound: (() => void)[] = [];

  constructor(options: DirectPathOptions) {
    this.#options = options;
  }

  async perform<T>(operation: LogOperation, act: (fault: LogFault | undefined) => T): Promise<T> {
    const { clock, faults } = this.#options;
    const fault = faults()?.(operation);
    if (fault === 'away') throw new StoreUnavailableError(operation.log);
    if (fault === 'late') {
      clock.setTimer(lateMs, () => act(undefined));
      throw new StoreUnavailableError(operation.log);
    }
    const result = act(fault);
    if (fault === 'reply-lost') throw new StoreUnavailableError(operation.log);
    return result;
  }

  announce(operation: LogOperation, deliver: () => void): boolean {
    const { scheduler, faults } = this.#options;
    if (faults()?.(operation) !== undefined) return true;
    this.#inbound.push(deliver);
    scheduler.schedule(() => this.#inbound.shift()?.());
    return true;
  }

  onInterrupted(): () => void {
    return () => undefined;
  }
}
