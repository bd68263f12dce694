/** OTP's words in OTP's sense (https://www.erlang.org/doc/system/sup_princ.html). */
export interface SupervisionOptions {
  /** Which children follow when one is restarted. @default 'one-for-one' */
  readonly strategy?: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** Restarts allowed within `periodMs`, over all children; per child when `dynamic`. @default 3 */
  readonly intensity?: number;
  /** @default 30_000 */
  readonly periodMs?: number;
  /**
   * For supervisors of many like children (sessions, agents): the count is per child, and over it that child is
   * parked with an event while its siblings go on. @default false
   */
  readonly dynamic?: boolean;
  /**
   * Stop, children and all, once one or all of the `significant` children have ended by themselves and are not
   * restarted. @default 'never'
   */
  readonly autoShutdown?: 'never' | 'any-significant' | 'all-significant';
  /** Wait before the first restart; doubles up to `backoffMaxMs`, jittered by up to half. @default 100 */
  readonly backoffMs?: number;
  /** @default 10_000 */
  readonly backoffMaxMs?: number;
  /** How long an orderly stop of a child may take before it is killed. @default 5_000 */
  readonly shutdownMs?: number;
}
