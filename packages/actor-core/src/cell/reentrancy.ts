import type { ActorAddress } from '../actor/actor-ref.ts';
import { type CallChain, waitsIn } from '../actor/call-chain.ts';
import { Envelope, type Refusable } from '../actor/envelope.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { empty, Ring } from '../mailbox/ring.ts';

/** A message that is being handled. */
export interface Handling {
  /** Its number among the messages of its actor. */
  readonly handling: number;
  /** Where the message came with more than itself. */
  readonly envelope: Envelope | undefined;
}

/**
 * What one handling lets in while its promise is not settled. Whatever it does not declare waits in the mailbox as
 * ever; what was let in and not begun by the time it ends goes back to the mailbox's front.
 */
export class Reentrancy {
  readonly declarer: Handling;
  /** The handling whose code runs right now, if it is one that was let in. */
  onStack: Handling | undefined = undefined;
  readonly #accepts: (message: never) => boolean;
  readonly #mailbox: Mailbox;
  readonly #ready = new Ring();
  readonly #handlings: Handling[];
  #isOpen = true;

  constructor(accepts: (message: never) => boolean, declarer: Handling, mailbox: Mailbox) {
    this.#accepts = accepts;
    this.declarer = declarer;
    this.#mailbox = mailbox;
    this.#handlings = [declarer];
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get isSettled(): boolean {
    return this.#handlings.length === 0;
  }

  /** Whose code runs; behind an `await` that cannot be told, and the oldest under way is taken for it. */
  get current(): Handling {
    return this.onStack ?? this.#handlings[0] ?? this.declarer;
  }

  /** Does a handling under way wait for what this chain leads to? */
  waitsFor(chain: CallChain | undefined, address: ActorAddress): boolean {
    return this.#handlings.some(({ handling }) => waitsIn(chain, address, handling));
  }

  isUnderWay(handling: number): boolean {
    return this.#handlings.some((one) => one.handling === handling);
  }

  /** Is that question being handled? */
  isHandlingQuestion(ask: Refusable): boolean {
    return this.#handlings.some(({ envelope }) => envelope?.ask === ask);
  }

  /** Lets in what waits in the mailbox already. */
  acceptWaiting(): void {
    for (const item of this.#mailbox.takeWhere((one) => this.#matches(one))) this.#ready.push(item);
  }

  /** True when the message was let in. */
  offer(item: unknown): boolean {
    if (!this.#isOpen || this.#ready.length >= this.#mailbox.capacity || !this.#matches(item)) return false;
    this.#ready.push(item);
    return true;
  }

  /** The next message that was let in, or `empty`. */
  take(): unknown {
    return this.#ready.shift();
  }

  begin(handling: number, envelope: Envelope | undefined): Handling {
    const begun: Handling = { handling, envelope };
    this.#handlings.push(begun);
    return begun;
  }

  finish(done: Handling): void {
    const at = this.#handlings.indexOf(done);
    if (at !== -1) this.#handlings.splice(at, 1);
    if (done === this.declarer) this.close();
  }

  /** Nothing more is let in. */
  close(): void {
    this.#isOpen = false;
    const left: unknown[] = [];
    for (let item = this.#ready.shift(); item !== empty; item = this.#ready.shift()) left.push(item);
    this.#mailbox.putBack(left);
  }

  #matches(item: unknown): boolean {
    if (item instanceof Envelope && item.signal !== undefined) return false;
    try {
      return this.#accepts((item instanceof Envelope ? item.message : item) as never);
    } catch {
      // A send never throws; the message waits, as any that was not declared.
      return false;
    }
  }
}
