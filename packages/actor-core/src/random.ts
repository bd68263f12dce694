/** Source of randomness. Injected, so that a seed replays a run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A new identifier: 24 characters of `[0-9a-z]`, about 124 bits. */
  id(): string;
}
