import type { DeadlineList } from '../clock/deadline-list.ts';
import type { Expiring } from '../clock/expiring.ts';
import { NoRespondersError, RequestTimeoutError } from '../errors.ts';
import type { Reply } from './transport.ts';

/** A request on the bus that waits for its reply. */
export class PendingRequest implements Expiring {
  deadline = 0;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;
  list: DeadlineList | undefined = undefined;
  readonly #subject: string;
  readonly #timeoutMs: number;
  readonly #resolve: (reply: Reply) => void;
  readonly #reject: (error: Error) => void;
  readonly #forget: () => void;

  constructor(
    subject: string,
    timeoutMs: number,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
    forget: () => void,
  ) {
    this.#subject = subject;
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#forget = forget;
  }

  answer(payload: Uint8Array, hasNoResponders: boolean): void {
    this.list?.remove(this);
    this.#forget();
    if (hasNoResponders) this.#reject(new NoRespondersError(this.#subject));
    else this.#resolve({ payload });
  }

  expire(): void {
    this.#forget();
    this.#reject(new RequestTimeoutError(this.#subject, this.#timeoutMs));
  }
}
