import type { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { KeptRequest } from './kept-streams.ts';

/** Where an answer goes: the parts of an exchange that the inference uses. */
export type AnswerSink = Pick<
  Exchange,
  | 'requestId'
  | 'principal'
  | 'startedAtMs'
  | 'facts'
  | 'trace'
  | 'signal'
  | 'closed'
  | 'interruption'
  | 'isGone'
  | 'isStarted'
  | 'header'
  | 'setHeader'
  | 'begin'
  | 'write'
  | 'drained'
  | 'comment'
  | 'end'
  | 'setTrailer'
  | 'reply'
  | 'fail'
>;

const stoppingCode = 'gateway-stopping';

/** An answer that goes to its client while it is connected, and is kept for a client that comes back. */
export class KeptAnswer implements AnswerSink {
  readonly #exchange: Exchange;
  readonly #kept: KeptRequest;
  readonly #signal: AbortSignal;
  #isStarted = false;

  constructor(exchange: Exchange, kept: KeptRequest) {
    this.#exchange = exchange;
    this.#kept = kept;
    const detach = kept.attach();
    void exchange.closed.then(detach);
    const interrupted = new AbortController();
    exchange.signal.addEventListener('abort', () => {
      // A gateway that stops leaves the answer to another one: its client is cut off, and comes back there.
      if (exchange.interruption?.code === stoppingCode) exchange.destroy();
      else if (exchange.interruption !== undefined) interrupted.abort(exchange.interruption);
    });
    this.#signal = AbortSignal.any([kept.signal, interrupted.signal]);
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  get principal(): Exchange['principal'] {
    return this.#exchange.principal;
  }

  get facts(): Exchange['facts'] {
    return this.#exchange.facts;
  }

  get trace(): string | undefined {
    return this.#exchange.trace;
  }

  get startedAtMs(): number {
    return this.#exchange.startedAtMs;
  }

  /** Aborted when nobody has read for too long, or the gateway ends the request. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Resolves when the answer is not kept any more. */
  get closed(): Promise<void> {
    return this.#kept.forgotten.then(() => undefined);
  }

  get interruption(): RequestFailure | undefined {
    const { interruption } = this.#exchange;
    return interruption?.code === stoppingCode ? undefined : interruption;
  }

  /** Nobody will read the answer. */
  get isGone(): boolean {
    return this.#kept.signal.aborted && this.#exchange.isGone;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  header(name: string): string | undefined {
    return this.#exchange.header(name);
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#exchange.setHeader(name, value);
    this.#kept.stream.setHeader(name, typeof value === 'string' ? value : value.join(', '));
  }

  begin(status: number, contentType: string, filler?: string): void {
    this.#isStarted = true;
    this.#kept.stream.begin(status, contentType);
    this.#exchange.begin(status, contentType, filler);
  }

  write(text: string): boolean {
    return this.#exchange.write(this.#kept.stream.add(text));
  }

  async drained(): Promise<void> {
    if (!this.#exchange.isGone) await this.#exchange.drained();
  }

  comment(afterMs: number): number {
    return this.#exchange.isGone ? afterMs : this.#exchange.comment(afterMs);
  }

  setTrailer(name: string, value: string): void {
    this.#exchange.setTrailer(name, value);
  }

  end(): void {
    this.#kept.stream.end();
    this.#exchange.end();
  }

  reply(reply: Reply): void {
    this.#isStarted = true;
    this.#kept.stream.reply(reply);
    this.#exchange.reply(reply);
  }

  fail(failure: RequestFailure): void {
    this.#isStarted = true;
    this.#kept.stream.reply(this.#exchange.failureReply(failure));
    this.#exchange.fail(failure);
  }
}
