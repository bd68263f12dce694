import type { Timer } from '../clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { ActorCell } from './cell.ts';
import { Envelope, type Guard } from '../actor/envelope.ts';

/** A message to self, later; among `all` under its key until that is read. Cancelled, not even a message that already waits in the mailbox is seen. */
export class ActorTimer<M> implements Guard {
  #active = true;
  #waiting = false;
  readonly #cell: ActorCell<M>;
  readonly #all: Map<string, ActorTimer<M>>;
  readonly #key: string;
  readonly #delayMs: number;
  readonly #message: M;
  readonly #repeat: boolean;
  #timer: Timer | undefined = undefined;

  /** @throws InvalidArgumentError for a delay that is negative or not finite */
  constructor(
    cell: ActorCell<M>,
    all: Map<string, ActorTimer<M>>,
    key: string,
    delayMs: number,
    message: M,
    repeat: boolean,
  ) {
    if (!(Number.isFinite(delayMs) && delayMs >= 0))
      throw new InvalidArgumentError('delayMs', 'must be finite and at least 0');
    this.#cell = cell;
    this.#all = all;
    this.#key = key;
    this.#delayMs = delayMs;
    this.#message = message;
    this.#repeat = repeat;
  }

  arm(): void {
    this.#timer = this.#cell.runtime.clock.setTimer(this.#delayMs, this.#fire);
  }

  cancel(): void {
    this.#active = false;
    this.#timer?.cancel();
  }

  claim(): boolean {
    this.#waiting = false;
    if (!this.#active) return false;
    // Its work is done: an actor with a fresh key for each timer would keep them all for ever.
    if (!this.#repeat && this.#all.get(this.#key) === this) this.#all.delete(this.#key);
    return true;
  }

  readonly #fire = (): void => {
    if (!this.#active) return;
    // A slow actor gets one tick, not a backlog of them.
    if (!this.#waiting) {
      this.#waiting = true;
      this.#cell.force(new Envelope(this.#message, undefined, this, undefined));
    }
    if (this.#repeat) this.arm();
  };
}
