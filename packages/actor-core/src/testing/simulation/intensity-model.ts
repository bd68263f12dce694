/**
 * OTP's restart intensity, told by the ends of children instead of by the supervisor's own books: the `intensity + 1`st
 * end within a period must end the supervisor, and no other may.
 */
export class IntensityModel {
  readonly #intensity: number;
  readonly #periodMs: number;
  readonly #incarnations = new Map<string, number>();
  #ends: number[] = [];
  #due = false;

  constructor(intensity: number, periodMs: number) {
    this.#intensity = intensity;
    this.#periodMs = periodMs;
  }

  /** A permanent child's incarnation ends now. */
  ended(nowMs: number): void {
    this.#ends = [...this.#ends.filter((atMs) => nowMs - atMs <= this.#periodMs), nowMs];
    if (this.#ends.length > this.#intensity) this.#due = true;
  }

  /** The supervisor gave up. False when it should not have. */
  gaveUp(): boolean {
    const due = this.#due;
    this.#due = false;
    return due;
  }

  /** It should have given up and has not. */
  get owesEscalation(): boolean {
    return this.#due;
  }

  /** A restart was told of. False when that is not the incarnation after its last one. */
  restarted(child: string, incarnation: number): boolean {
    const expected = (this.#incarnations.get(child) ?? 1) + 1;
    this.#incarnations.set(child, incarnation);
    return incarnation === expected;
  }

  /** A child began. False when that is not the incarnation told of last; one may be over before it began. */
  began(child: string, incarnation: number): boolean {
    return incarnation === (this.#incarnations.get(child) ?? 1);
  }
}
