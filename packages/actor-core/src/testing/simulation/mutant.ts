/** A known bug, planted as a textual patch: a simulation that does not find it proves nothing about such bugs. */
export interface Mutant {
  readonly name: string;
  /** Effect of the bug. */
  readonly bug: string;
  /** Path below `src`. */
  readonly file: string;
  /** Text that must occur exactly once in the file: a patch that no longer applies is an error. */
  readonly find: string;
  readonly replace: string;
  /** What has to find it: scenarios, separated by commas. Fewer scenarios make a run faster. @default all together */
  readonly scenario?: string;
  /** Played first: the seed that found it last. @default 1 */
  readonly seed?: number;
}
