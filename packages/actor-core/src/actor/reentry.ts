import type { ActorAddress } from './actor-ref.ts';
import { type CallChain, waitsIn } from './call-chain.ts';
import { Envelope, type Refusable } from './envelope.ts';
import type { Mailbox } from './mailbox.ts';
import { empty, Ring } from './ring.ts';

/** A message that is being handled. */
export interface InHand {
  /** Its number among the messages of its actor. */
  readonly handling: number;
  /** Where the message came with more than itself. */
  readonly envelope: Envelope | undefined;
}

/**
 * What one handling lets in while its promise is not settled. Whatever it does not declare waits in the mailbox as
 * ever; what was let in and not begun by the time it ends goes back to the mailbox's front.
 */
export class Reentry {
  readonly declarer: InHand;
  /** The handling whose code runs right now, if it is one that was let in. */
  onStack: InHand | undefined = undefined;
  readonly #accepts: (message: never) => boolean;
  readonly #mailbox: Mailbox;
  readonly #ready = new Ring();
  readonly #inHand: InHand[];
  #isOpen = true;

  constructor(accepts: (message: never) => boolean, declarer: InHand, mailbox: Mailbox) {
    this.#accepts = accepts;
    this.declarer = declarer;
    this.#mailbox = mailbox;
    this.#inHand = [declarer];
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get isSettled(): boolean {
    return this.#inHand.length === 0;
  }

  /** Whose code runs; behind an `await` that cannot be told, and the oldest under way is taken for it. */
  get current(): InHand {
    return this.onStack ?? this.#inHand[0] ?? this.declarer;
  }

  /** Does a handling under way wait for what this chain leads to? */
  waitsFor(chain: CallChain | undefined, address: ActorAddress): boolean {
    return this.#inHand.some(({ handling }) => waitsIn(chain, address, handling));
  }

  isUnderWay(handling: number): boolean {
    return this.#inHand.some((one) => one.handling === handling);
  }

  /** Is that question being handled? */
  hasInHand(ask: Refusable): boolean {
    return this.#inHand.some(({ envelope }) => envelope?.ask === ask);
  }

  /** Lets in what waits in the mailbox already. */
  admitWaiting(): void {
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

  begin(handling: number, envelope: Envelope | undefined): InHand {
    const begun: InHand = { handling, envelope };
    this.#inHand.push(begun);
    return begun;
  }

  finish(done: InHand): void {
    const at = this.#inHand.indexOf(done);
    if (at !== -1) this.#inHand.splice(at, 1);
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
