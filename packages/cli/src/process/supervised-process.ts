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
  /** Starts one life of it. */
  readonly launch: () => RunningChild;
  /** A life not ready after this long is killed and counts as failed. */
  readonly readyTimeoutMs: number;
  /**
   * Exit codes that trying again does not cure (bad configuration, address in use), as long as no life was ever
   * ready; later the same codes may come from what is passing, such as a NATS that is just being restarted.
   */
  readonly fatalExitCodes?: readonly number[];
  readonly policy?: RestartPolicy;
}

/** `waiting`: between two lives, for the backoff · `failed`: given up. */
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
  | { readonly type: 'gave-up'; readonly exit: ExitReport; readonly restarts: number };

/**
 * Keeps one process running: starts it again with backoff when it ends by itself, and gives up when it ends more
 * often than its policy allows. Permanent in OTP's sense: an end with code 0 that nobody asked for is a failure.
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

  /** Of the current life; 0 between two. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What its current or last life said when it was ready. */
  get report(): ReadyReport {
    return this.#report;
  }

  /** Starts it. Resolves `undefined` when it is ready, or the last exit when it was given up before. */
  start(): Promise<ExitReport | undefined> {
    const { promise, resolve } = Promise.withResolvers<ExitReport | undefined>();
    this.#loop = this.#run(resolve);
    return promise;
  }

  /** Orderly end within `graceMs`, then an abrupt one. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (this.#state === 'failed' || this.#state === 'stopped') return;
    this.#state = 'stopping';
    this.#wake?.();
    this.#child?.requestStop();
    const timer = setTimeout(() => this.#child?.kill(), graceMs);
    await this.#loop;
    clearTimeout(timer);
  }

  /** Abrupt end, without waiting for it. */
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
      if (await this.#becomesReady(child)) {
        const downMs = Math.round(performance.now() - downSinceMs);
        this.#onEvent({ type: 'ready', pid: child.pid, restarts, downMs, report: this.#report });
        onFirst(undefined);
        wasReady = true;
      }
      const exit = await child.exited;
      const pid = child.pid;
      downSinceMs = performance.now();
      this.#child = undefined;
      if (this.#isStopping()) break;
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

  /** A method, because the state changes during an await and the compiler cannot know. */
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
