import { type ClientRequest, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Clock, Timer } from '@drover/actor-core';
import type { TlsKeeper } from '../tls/tls-keeper.ts';

/** Pause between two probes. */
const everyMs = 1_000;
/** Number of probes of which the longest wait is reported, so that one fast probe does not hide a stall. */
const probesKept = 10;
/** Timeout of a probe. A probe that reaches it counts as a wait of this length. */
const timeoutMs = 30_000;

/**
 * Measures the wait of a client that opens a connection: the gateway requests its own `/healthz` on a new connection
 * each time.
 *
 * The event loop delay that Node measures does not show this wait. With a thousand streams, timers were 0.15 s late
 * while connections waited for 16 s in the kernel's queue.
 */
export class ClientWait {
  readonly #clock: Clock;
  readonly #waits: number[] = [];
  #beganAtMs: number | undefined;
  #timer: Timer | undefined;
  #call: ClientRequest | undefined;
  #stopped = false;
  #keeper: TlsKeeper | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Longest wait of the last probes in milliseconds, the running probe included; 0 before the first. */
  get waitMs(): number {
    const underWayMs = this.#beganAtMs === undefined ? 0 : this.#clock.now() - this.#beganAtMs;
    return Math.max(0, underWayMs, ...this.#waits);
  }

  /** @param keeper of the certificate, where the address is one of HTTPS */
  start(url: string, keeper?: TlsKeeper): void {
    this.#keeper = keeper;
    this.#probe(new URL('/healthz', url), this.#clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#call?.destroy();
  }

  /** Measured from the planned instant of the probe: a stalled process also starts the probe late. */
  #probe(url: URL, dueAtMs: number): void {
    this.#beganAtMs = dueAtMs;
    const call = this.#request(url);
    call.once('response', (response) => response.resume());
    this.#call = call;
    call.once('timeout', () => call.destroy());
    // The `close` event follows and ends the probe.
    call.on('error', () => undefined);
    call.once('close', () => this.#finished(url));
    call.end();
  }

  #request(url: URL): ClientRequest {
    const options = { agent: false as const, timeout: timeoutMs };
    if (this.#keeper === undefined) return request(url, options);
    const { cert, key } = this.#keeper.material;
    // The gateway calls itself, by an address that need not be in its certificate.
    return secureRequest(url, { ...options, cert, key, rejectUnauthorized: false });
  }

  #finished(url: URL): void {
    if (this.#stopped || this.#beganAtMs === undefined) return;
    const nowMs = this.#clock.now();
    this.#waits.push(nowMs - this.#beganAtMs);
    if (this.#waits.length > probesKept) this.#waits.shift();
    this.#beganAtMs = undefined;
    this.#timer = this.#clock.setTimer(everyMs, () => this.#probe(url, nowMs + everyMs));
  }
}
