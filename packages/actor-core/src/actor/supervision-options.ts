/**
 * When a supervisor starts a child again, in OTP's sense: always (`permanent`), after a failure or kill
 * (`transient`), never (`temporary`).
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/**
 * OTP's words in OTP's sense (https://www.erlang.org/doc/system/sup_princ.html); `otp-conformance.test.ts` shows it row
 * by row. It differs on purpose in this:
 *
 * - Restarts wait (`backoffMs`, jittered), where OTP starts at once; more is allowed by default (3 in 30 s, not 1 in 5 s).
 * - A supervisor that gives up has *failed*, so that a transient one is restarted. In OTP its reason is `shutdown`, with
 *   which a transient supervisor is silently gone.
 * - A transient child that ended by itself is gone with its ref and its watchers told. OTP keeps its specification and
 *   starts it again when its group restarts.
 * - A child whose recipe throws has failed and is restarted as after any failure, also the first time. In OTP the
 *   supervisor's own start fails then.
 * - A child that does not come up in a group restart is one more failure of that group. OTP does the same, at once.
 * - `dynamic` (OTP's simple_one_for_one) counts per child, and parks the one that is over it with an event.
 * - `shutdownMs` is the supervisor's for all its children, and always finite. 0 kills what does not end at once, where
 *   OTP's brutal_kill asks nobody.
 */
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
