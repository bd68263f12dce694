import type { Clock, Timer } from '../clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import { Envelope, type Guard } from '../actor/envelope.ts';

/** The actor that set a timer. */
interface TimerOwner {
  readonly node: { readonly clock: Clock };
  force(envelope: Envelope): void;
}

/**
 * A message that an actor sends to itself later. Stays in `all` under its key until the message is handled. After
 * `cancel` not even a message that waits in the mailbox is handled.
 */
export class ActorTimer<M> implements Guard {
  #active = true;
  #waiting = false;
  readonly #owner: TimerOwner;
  readonly #all: Map<string, ActorTimer<M>>;
  readonly #key: string;
  readonly #delayMs: number;
  readonly #message: M;
  readonly #repeat: boolean;
  #timer: Timer | undefined = undefined;

  /** @throws InvalidArgumentError for a delay that is negative or not finite */
  constructor(
    owner: TimerOwner,
    all: Map<string, ActorTimer<M>>,
    key: string,
    delayMs: number,
    message: M,
    repeat: boolean,
  ) {
    if (!(Number.isFinite(delayMs) && delayMs >= 0))
      throw new InvalidArgumentError('delayMs', 'must be finite and at least 0');
    this.#owner = owner;
    this.#all = all;
    this.#key = key;
    this.#delayMs = delayMs;
    this.#message = message;
    this.#repeat = repeat;
  }

  arm(): void {
    this.#timer = this.#owner.node.clock.setTimer(this.#delayMs, this.#fire);
  }

  cancel(): void {
    this.#active = false;
    this.#timer?.cancel();
  }

  claim(): boolean {
    this.#waiting = false;
    if (!this.#active) return false;
    // Removed here, or an actor that uses a new key for each timer would keep all of them.
    if (!this.#repeat && this.#all.get(this.#key) === this) this.#all.delete(this.#key);
    return true;
  }

  readonly #fire = (): void => {
    if (!this.#active) return;
    // A slow actor gets one message of an interval at a time, not a backlog.
    if (!this.#waiting) {
      this.#waiting = true;
      this.#owner.force(new Envelope(this.#message, undefined, this, undefined));
    }
    if (this.#repeat) this.arm();
  };
}
