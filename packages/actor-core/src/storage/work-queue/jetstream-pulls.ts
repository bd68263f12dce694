import { StoreUnavailableError } from '../../errors.ts';
import type { HeaderMessage } from '../../transport/transport.ts';
import type { JetStreamClient } from '../jetstream/jetstream-client.ts';
import { parseAckSubject } from './ack-subject.ts';
import type { TaskDelivery } from './partition-consumers.ts';

const encoder = new TextEncoder();
const noMessages = 404;
const requestTimeout = 408;
const ordinary = 0;

/** One pull of one consumer on its way. */
interface Pull {
  readonly take: (delivery: TaskDelivery) => void;
  /** The server ended the pull; `failure` where it did not answer it as asked. */
  readonly end: (failure?: string) => void;
}

/**
 * Pulls of durable consumers, with one permanent inbox. The other servers of a cluster would not know an inbox that is
 * made for one pull yet when the reply comes (reference: nats.md 0.7).
 *
 * A delivered message has the subject of its record and does not name its pull. The oldest pull of the consumer gets
 * it, as on the server.
 *
 * No pull waits for tasks. A pull cannot be cancelled, and would take deliveries after its taker has left.
 */
export class JetStreamPulls {
  readonly #client: JetStreamClient;
  #inbox: string | undefined = undefined;
  /** Pulls on their way by stream and consumer, each by its number. */
  readonly #pulls = new Map<string, Map<string, Pull>>();
  #count = 0;

  constructor(client: JetStreamClient) {
    this.#client = client;
  }

  /** What the consumer has now. @throws StoreUnavailableError */
  async pull(
    stream: string,
    consumer: string,
    options: { readonly max: number; readonly timeoutMs: number },
  ): Promise<TaskDelivery[]> {
    const deliveries: TaskDelivery[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<TaskDelivery[]>();
    const timer = this.#client.clock.setTimer(options.timeoutMs, () => finish('no reply in time'));
    const stop = this.#send(
      stream,
      consumer,
      { batch: options.max, no_wait: true },
      {
        take: (delivery) => {
          if (deliveries.push(delivery) === options.max) finish();
        },
        end: (failure) => finish(failure),
      },
    );
    return promise;

    function finish(failure?: string): void {
      timer.cancel();
      stop();
      if (failure === undefined || deliveries.length > 0) resolve(deliveries);
      else reject(new StoreUnavailableError(stream, { cause: failure }));
    }
  }

  #giveBack({ token }: TaskDelivery): void {
    this.#client.transport.publish(token, encoder.encode('-NAK'));
  }

  /** Sends a pull. Returns a function that removes it. */
  #send(stream: string, consumer: string, request: object, pull: Pull): () => void {
    const key = `${stream}.${consumer}`;
    const pulls = this.#pulls.get(key) ?? new Map<string, Pull>();
    this.#pulls.set(key, pulls);
    const id = (++this.#count).toString(36);
    pulls.set(id, pull);
    const isSent = this.#client.transport.publishWithHeaders(
      `$JS.API.CONSUMER.MSG.NEXT.${key}`,
      encoder.encode(JSON.stringify(request)),
      { reply: `${this.#openInbox()}.${key}.${id}` },
    );
    if (!isSent) this.#client.clock.setTimer(0, () => pull.end('not connected'));
    return () => {
      pulls.delete(id);
      if (pulls.size === 0 && this.#pulls.get(key) === pulls) this.#pulls.delete(key);
    };
  }

  #openInbox(): string {
    if (this.#inbox !== undefined) return this.#inbox;
    const inbox = this.#client.transport.newInbox();
    this.#client.transport.subscribeWithHeaders(`${inbox}.>`, (message) => {
      if (message.status === ordinary) this.#deliver(message);
      else this.#end(message);
    });
    this.#inbox = inbox;
    return inbox;
  }

  #deliver(message: HeaderMessage): void {
    const parts = parseAckSubject(message.reply);
    if (parts === undefined) return;
    const delivery: TaskDelivery = {
      subject: message.subject,
      payload: new Uint8Array(message.payload),
      headers: message.fields(),
      sequence: parts.sequence,
      acceptedAtMs: parts.acceptedAtMs,
      attempt: parts.delivered,
      token: message.reply,
    };
    const oldest = this.#pulls.get(`${parts.stream}.${parts.consumer}`)?.values().next().value;
    if (oldest === undefined) this.#giveBack(delivery);
    else oldest.take(delivery);
  }

  #end({ subject, status }: HeaderMessage): void {
    const [stream = '', consumer = '', id = ''] = subject.split('.').slice(-3);
    const pull = this.#pulls.get(`${stream}.${consumer}`)?.get(id);
    pull?.end(status === noMessages || status === requestTimeout ? undefined : `status ${status}`);
  }
}
