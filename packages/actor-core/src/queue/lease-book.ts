/** Leases, and messages, that this node remembers at most; the oldest are forgotten first. */
const maxRemembered = 10_000;

/**
 * What this node knows of leases beyond their tokens, which never change: until when they last, and that they were
 * given back. Instants are those of the monotonic clock, so that a jump of the wall clock harms no lease of this node.
 */
export class LeaseBook {
  readonly #untilMs = new Map<string, number>();
  readonly #givenBack = new Map<string, true>();

  /** The lease lasts until that instant. */
  lasts(lease: string, untilMs: number): void {
    remember(this.#untilMs, lease, untilMs);
  }

  /** The holder has given the lease of that message up. */
  givenBack(lease: string, message: string): void {
    remember(this.#untilMs, lease, 0);
    remember(this.#givenBack, message, true);
  }

  /** Whether the last lease of the message was given up here. True once. */
  wasGivenBack(message: string): boolean {
    return this.#givenBack.delete(message);
  }

  /** Instant at which the lease ends; 0 where it was given up; undefined where nothing is known. */
  untilMs(lease: string): number | undefined {
    return this.#untilMs.get(lease);
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= maxRemembered) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
