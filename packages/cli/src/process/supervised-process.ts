import {
  decideRestart,
  defaultRestartPolicy,
  type RestartHistory,
  type RestartPolicy,
} from './restart-intensity.ts';
import type { ExitReport, ReadyReport, RunningChild } from './running-child.ts';

/** How to run one process of the cluster. */
export interface ProcessSpec {
  readonly id: string;
  readonly role: string;
  /** Starts the process once. */
  readonly launch: () => RunningChild;
  /** A process that is not ready after this time is killed and counts as failed. */
  readonly readyTimeoutMs: number;
  /**
   * Exit codes of failures that a restart cannot fix, such as a bad configuration or an address in use. They are final
   * only until the process was ready for the first time; later the same codes can have a temporary cause, such as a
   * restart of NATS.
   */
  readonly fatalExitCodes?: readonly number[];
  readonly policy?: RestartPolicy;
}

/** `waiting`: the pause before a restart · `failed`: given up. */
export type ProcessState = 'stopped' | 'starting' | 'ready' | 'waiting' | 'stopping' | 'failed';

export type ProcessEvent =
  | {
      readonly type: 'ready';
      readonly pid: number;
      readonly restarts: number;
      readonly downMs: number;
      readonly report: ReadyReport;
    }
  | { readonly type: 'exited'; readonly pid: number; readonly exit: ExitReport; readonly restartInMs: number }
  /** The cluster asked the process to leave. */
  | { readonly type: 'left'; readonly pid: number }
  | { readonly type: 'gave-up'; readonly exit: ExitReport; readonly restarts: number };

/**
 * Keeps one process running: restarts it with backoff when it ends by itself, and gives up when it ends more often than
 * its policy allows. Permanent in OTP's sense: an exit with code 0 that was not requested is a failure. A process that
 * the cluster asked to leave is not started again.
 */
export class SupervisedProcess {
  readonly id: string;
  readonly role: string;
  readonly #spec: ProcessSpec;
  readonly #onEvent: (event: ProcessEvent) => void;
  #state: ProcessState = 'stopped';
  #child: RunningChild | undefined;
  #report: ReadyReport = {};
  #history: RestartHistory = [];
  #wake: (() => void) | undefined;
  #restart: PromiseWithResolvers<void> | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, onEvent: (event: ProcessEvent) => void) {
    this.id = spec.id;
    this.role = spec.role;
    this.#spec = spec;
    this.#onEvent = onEvent;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Pid of the running process; 0 while none runs. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last report of readiness. */
  get report(): ReadyReport {
    return this.#report;
  }

  /** Starts the process. Resolves with `undefined` when it is ready, or with the last exit when it was given up. */
  start(): Promise<ExitReport | undefined> {
    const { promise, resolve } = Promise.withResolvers<ExitReport | undefined>();
    this.#loop = this.#run(resolve);
    return promise;
  }

  /**
   * Stops a process that is ready, in order within `graceMs`, and starts it again at once. Does not count as a failure.
   * Resolves when it is ready again, or has ended for good; at once where it is not ready now.
   */
  async restart(graceMs: number): Promise<void> {
    const child = this.#child;
    if (this.#state !== 'ready' || child === undefined) return;
    this.#restart ??= Promise.withResolvers<void>();
    const { promise } = this.#restart;
    child.requestStop();
    const timer = setTimeout(() => child.kill(), graceMs);
    void child.exited.then(() => clearTimeout(timer));
    await Promise.race([promise, this.#loop]);
  }

  /** Stops the process in order within `graceMs`, else abruptly. Resolves when the process has ended. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#wake?.();
    this.#child?.requestStop();
    const timer = setTimeout(() => this.#child?.kill(), graceMs);
    await this.#loop;
    clearTimeout(timer);
  }

  /** Ends the process abruptly, without waiting for the exit. */
  kill(): void {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#wake?.();
    this.#child?.kill();
  }

  async #run(onFirst: (exit: ExitReport | undefined) => void): Promise<void> {
    let restarts = 0;
    let wasReady = false;
    let downSinceMs = performance.now();
    while (this.#state !== 'stopping') {
      this.#state = 'starting';
      const child = this.#spec.launch();
      this.#child = child;
      const isReady = await this.#becomesReady(child);
      if (isReady) {
        const downMs = Math.round(performance.now() - downSinceMs);
        this.#onEvent({ type: 'ready', pid: child.pid, restarts, downMs, report: this.#report });
        onFirst(undefined);
        wasReady = true;
        this.#restart?.resolve();
        this.#restart = undefined;
      }
      const exit = await child.exited;
      // A second exit before it is ready again is a failure.
      const isRequested = this.#restart !== undefined && isReady;
      const pid = child.pid;
      downSinceMs = performance.now();
      this.#child = undefined;
      if (this.#isStopping()) break;
      if (child.hasLeft?.() === true) {
        this.#onEvent({ type: 'left', pid });
        break;
      }
      if (isRequested) {
        restarts += 1;
        this.#state = 'waiting';
        this.#onEvent({ type: 'exited', pid, exit, restartInMs: 0 });
        continue;
      }
      const decision = decideRestart(this.#history, downSinceMs, this.#spec.policy ?? defaultRestartPolicy);
      const fatal = !wasReady && exit.code !== null && (this.#spec.fatalExitCodes ?? []).includes(exit.code);
      if (decision.action === 'give-up' || fatal) {
        this.#state = 'failed';
        this.#onEvent({ type: 'gave-up', exit, restarts });
        onFirst(exit);
        return;
      }
      this.#history = decision.history;
      this.#state = 'waiting';
      restarts += 1;
      this.#onEvent({ type: 'exited', pid, exit, restartInMs: decision.delayMs });
      await this.#pause(decision.delayMs);
    }
    this.#state = 'stopped';
    onFirst(undefined);
  }

  /** A method and not a property, because the compiler assumes that a property does not change during an await. */
  #isStopping(): boolean {
    return this.#state === 'stopping';
  }

  async #becomesReady(child: RunningChild): Promise<boolean> {
    const timer = setTimeout(() => child.kill(), this.#spec.readyTimeoutMs);
    const report = await Promise.race([child.ready, child.exited.then(() => undefined)]);
    clearTimeout(timer);
    if (report === undefined) return false;
    this.#report = report;
    if (!this.#isStopping()) this.#state = 'ready';
    return true;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
