/**
 * Model of OTP's restart intensity, which counts the ends of children and does not use the records of the supervisor:
 * the end number `intensity + 1` within a period must end the supervisor, and no other end may.
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

  /** An incarnation of a permanent child ends now. */
  ended(nowMs: number): void {
    this.#ends = [...this.#ends.filter((atMs) => nowMs - atMs <= this.#periodMs), nowMs];
    if (this.#ends.length > this.#intensity) this.#due = true;
  }

  /** The supervisor gave up. Returns false when it should not have. */
  gaveUp(): boolean {
    const due = this.#due;
    this.#due = false;
    return due;
  }

  /** Whether the supervisor should have given up and has not. */
  get owesEscalation(): boolean {
    return this.#due;
  }

  /** A restart was reported. Returns false when its incarnation is not the next one. */
  restarted(child: string, incarnation: number): boolean {
    const expected = (this.#incarnations.get(child) ?? 1) + 1;
    this.#incarnations.set(child, incarnation);
    return incarnation === expected;
  }

  /**
   * A child started. Returns false when its incarnation is not the reported one; an incarnation may end before it
   * starts.
   */
  began(child: string, incarnation: number): boolean {
    return incarnation === (this.#incarnations.get(child) ?? 1);
  }
}
