import { pack, unpack } from 'msgpackr';
import { RequestTimeoutError } from '../errors.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Bucket } from '../storage/key-value/key-value.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import { anyToken, incarnationBucket, senderOf, type Subjects } from '../transport/subjects.ts';
import type { Transport, TransportSubscription } from '../transport/transport.ts';
import { isPlausibleIncarnation } from './incarnation.ts';

/** Attempts to write the next number before the store counts as unavailable: other processes may write it too. */
const maxAttempts = 8;
/** Requests that are answered at the same time; further ones are not answered. */
const maxRequests = 64;
/** Queue group of the hosts: one of them answers each request. */
const issuers = 'issuers';

/**
 * Issues incarnations: for each node id a number that is larger than every number issued before, by compare-and-set in
 * a bucket. The number is the wall clock in milliseconds where that is larger, so that it also is larger than what
 * nodes of 0.3.0 used. A clock that is set back cannot lower it.
 */
export class IncarnationIssuer {
  readonly #storage: NodeStorage;
  readonly #clock: Clock;
  readonly #bucketName: string;
  #bucket: Promise<Bucket> | undefined = undefined;

  constructor(cell: string, storage: NodeStorage, clock: Clock) {
    this.#bucketName = incarnationBucket(cell);
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * The next incarnation of the node, at least `atLeast`.
   *
   * @throws StoreUnavailableError
   */
  async issue(node: string, atLeast: number): Promise<number> {
    const bucket = await this.#open();
    for (let attempt = 1; ; attempt++) {
      const known = await bucket.get(node);
      const last = known === undefined ? 0 : Number(new TextDecoder().decode(known.value));
      const next = Math.max(last + 1, Math.floor(this.#clock.wallNow()), atLeast);
      const value = new TextEncoder().encode(String(next));
      const outcome =
        known === undefined
          ? await bucket.create(node, value)
          : await bucket.update(node, value, known.revision);
      if (outcome.kind === 'written') return next;
      if (attempt === maxAttempts) throw new RequestTimeoutError(`incarnation of ${node}`, 0);
    }
  }

  async #open(): Promise<Bucket> {
    this.#bucket ??= this.#storage.keyValue.ensure({ name: this.#bucketName });
    try {
      return await this.#bucket;
    } catch (error) {
      this.#bucket = undefined;
      throw error;
    }
  }
}

/** Answers the requests of other nodes for an incarnation. */
export function serveIncarnations(
  transport: Transport,
  subjects: Subjects,
  issuer: IncarnationIssuer,
  clock: Clock,
  log: Logger,
): TransportSubscription {
  let running = 0;
  const answer = async (node: string, atLeast: number, respond: (payload: Uint8Array) => void) => {
    running += 1;
    try {
      respond(new Uint8Array(pack([1, await issuer.issue(node, atLeast)])));
    } catch (err) {
      log.debug({ err, node }, 'could not issue an incarnation');
      respond(new Uint8Array(pack([1, 0])));
    } finally {
      running -= 1;
    }
  };
  return transport.subscribe(
    subjects.incarnation(anyToken),
    ({ subject, payload, respond }) => {
      const atLeast = readNumber(payload);
      if (respond === undefined || running >= maxRequests || atLeast === undefined) return;
      // A number from the far future would leave no room for later ones.
      if (isPlausibleIncarnation(atLeast, 0, clock.wallNow()))
        void answer(senderOf(subject), atLeast, respond);
    },
    { queue: issuers },
  );
}

/** Asks a host for the next incarnation of this node. @returns undefined where no host can issue one */
export async function requestIncarnation(
  transport: Transport,
  subjects: Subjects,
  node: string,
  atLeast: number,
  timeoutMs: number,
): Promise<number | undefined> {
  try {
    const payload = new Uint8Array(pack([1, atLeast]));
    const issued = readNumber(await transport.request(subjects.incarnation(node), payload, { timeoutMs }));
    return issued === undefined || issued < atLeast || issued === 0 ? undefined : issued;
  } catch {
    return undefined;
  }
}

function readNumber(payload: Uint8Array): number | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  const number: unknown = Array.isArray(value) && value[0] === 1 ? value[1] : undefined;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}
