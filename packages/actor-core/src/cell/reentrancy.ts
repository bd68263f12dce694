import type { ActorAddress } from '../actor/actor-ref.ts';
import { type CallChain, waitsIn } from '../actor/call-chain.ts';
import { Envelope, type Refusable } from '../actor/envelope.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { empty, Ring } from '../mailbox/ring.ts';

/** One message being handled. */
export interface Handling {
  /** Number of the message among all messages of the actor. */
  readonly number: number;
  /** The envelope of the message, where it has one. */
  readonly envelope: Envelope | undefined;
}

/**
 * The messages that one handler accepts while its promise is not settled. All other messages wait in the mailbox.
 * Accepted messages that were not started when the handler ends go back to the front of the mailbox.
 */
export class Reentrancy {
  /** The handling that declared which messages it accepts. */
  readonly declarer: Handling;
  /** The reentrant handling whose code is on the stack. */
  onStack: Handling | undefined = undefined;
  readonly #accepts: (message: never) => boolean;
  readonly #mailbox: Mailbox;
  readonly #accepted = new Ring();
  /** Handlings under way, oldest first. */
  readonly #handlings: Handling[];
  #isOpen = true;

  constructor(accepts: (message: never) => boolean, declarer: Handling, mailbox: Mailbox) {
    this.#accepts = accepts;
    this.declarer = declarer;
    this.#mailbox = mailbox;
    this.#handlings = [declarer];
  }

  /** True when accepted messages wait to be handled. */
  get hasAccepted(): boolean {
    return this.#accepted.length > 0;
  }

  /** True when no handling is under way. */
  get isSettled(): boolean {
    return this.#handlings.length === 0;
  }

  /**
   * The handling whose code runs. After an `await` it is not known which one that is; the oldest handling under way
   * stands for it.
   */
  get current(): Handling {
    return this.onStack ?? this.#handlings[0] ?? this.declarer;
  }

  /** True when a handling under way is part of the call chain. */
  waitsFor(chain: CallChain | undefined, address: ActorAddress): boolean {
    return this.#handlings.some(({ number }) => waitsIn(chain, address, number));
  }

  isHandling(number: number): boolean {
    return this.#handlings.some((handling) => handling.number === number);
  }

  isHandlingQuestion(ask: Refusable): boolean {
    return this.#handlings.some(({ envelope }) => envelope?.ask === ask);
  }

  /** Accepts the matching messages that wait in the mailbox already. */
  acceptWaiting(): void {
    for (const item of this.#mailbox.takeWhere((one) => this.#matches(one))) this.#accepted.push(item);
  }

  /** True when the message was accepted. */
  offer(item: unknown): boolean {
    const hasSpace = this.#accepted.length < this.#mailbox.capacity;
    if (!this.#isOpen || !hasSpace || !this.#matches(item)) return false;
    this.#accepted.push(item);
    return true;
  }

  /** The next accepted message, or `empty`. */
  take(): unknown {
    return this.#accepted.shift();
  }

  begin(number: number, envelope: Envelope | undefined): Handling {
    const handling: Handling = { number, envelope };
    this.#handlings.push(handling);
    return handling;
  }

  finish(handling: Handling): void {
    const at = this.#handlings.indexOf(handling);
    if (at !== -1) this.#handlings.splice(at, 1);
    if (handling === this.declarer) this.close();
  }

  /** Accepts no more messages and returns those that were not started. */
  close(): void {
    this.#isOpen = false;
    const left: unknown[] = [];
    for (let item = this.#accepted.shift(); item !== empty; item = this.#accepted.shift()) left.push(item);
    this.#mailbox.putBack(left);
  }

  #matches(item: unknown): boolean {
    if (item instanceof Envelope && item.signal !== undefined) return false;
    try {
      return this.#accepts((item instanceof Envelope ? item.message : item) as never);
    } catch {
      // A send never throws; the message waits like one that was not declared.
      return false;
    }
  }
}
