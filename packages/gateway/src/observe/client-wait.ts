import { type ClientRequest, request } from 'node:http';
import type { Clock, Timer } from '@drover/actor-core';

/** From the end of one look to the beginning of the next. */
const everyMs = 1_000;
/** What counts is the longest wait of so many looks: one quiet moment does not hide a stall. */
const looksKept = 10;
/** A look that takes longer is over; its time counts. */
const timeoutMs = 30_000;

/**
 * How long a client waits that opens a connection: the gateway asks itself for `/healthz`, each time on a new one.
 *
 * The delay of timers, which is what Node calls the lag of its event loop, does not show it. Under a thousand streams
 * timers were 0.15 s late while connections waited for 16 s in the kernel's queue.
 */
export class ClientWait {
  readonly #clock: Clock;
  readonly #waits: number[] = [];
  #beganAtMs: number | undefined;
  #timer: Timer | undefined;
  #call: ClientRequest | undefined;
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Longest of the last looks in milliseconds, the one that is under way included; 0 before the first. */
  get waitMs(): number {
    const underWayMs = this.#beganAtMs === undefined ? 0 : this.#clock.now() - this.#beganAtMs;
    return Math.max(0, underWayMs, ...this.#waits);
  }

  start(url: string): void {
    this.#look(new URL('/healthz', url), this.#clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#call?.destroy();
  }

  /** Counts from when the look was due: while the process stands still, it does not begin either. */
  #look(url: URL, dueAtMs: number): void {
    this.#beganAtMs = dueAtMs;
    const call = request(url, { agent: false, timeout: timeoutMs }, (response) => response.resume());
    this.#call = call;
    call.once('timeout', () => call.destroy());
    // Its `close` follows.
    call.on('error', () => undefined);
    call.once('close', () => this.#looked(url));
    call.end();
  }

  #looked(url: URL): void {
    if (this.#stopped || this.#beganAtMs === undefined) return;
    const nowMs = this.#clock.now();
    this.#waits.push(nowMs - this.#beganAtMs);
    if (this.#waits.length > looksKept) this.#waits.shift();
    this.#beganAtMs = undefined;
    this.#timer = this.#clock.setTimer(everyMs, () => this.#look(url, nowMs + everyMs));
  }
}
