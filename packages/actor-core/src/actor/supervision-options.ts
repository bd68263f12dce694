/**
 * When a supervisor restarts a child, in OTP's sense: always (`permanent`), after a failure or a kill (`transient`), or
 * never (`temporary`).
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/**
 * How an actor supervises its children. The words have the meaning that they have in OTP
 * (https://www.erlang.org/doc/system/sup_princ.html); `otp-conformance.test.ts` compares each case. The differences are
 * intended:
 *
 * - A restart waits for `backoffMs` with jitter, where OTP restarts at once. The default allows more restarts: 3 in 30
 *   s instead of 1 in 5 s.
 * - A supervisor that gives up has *failed*, so that a transient supervisor is restarted. In OTP its exit reason is
 *   `shutdown`, after which a transient supervisor is not restarted.
 * - A transient child that ended by itself is removed, and its watchers are notified. OTP keeps its specification and
 *   starts the child again when its group restarts.
 * - A child whose recipe throws has failed and is restarted as after any failure, also at its first start. In OTP the
 *   start of the supervisor fails.
 * - A child that fails to start in a group restart is one more failure of that group. OTP does the same without a wait.
 * - `dynamic` (OTP's simple_one_for_one) counts per child, and parks a child that exceeds the intensity, with an event.
 * - `shutdownMs` holds for all children and is always finite. 0 kills a child that does not end at once, where OTP's
 *   brutal_kill does not ask the child to stop.
 */
export interface SupervisionOptions {
  /** Which children are restarted when one child fails. @default 'one-for-one' */
  readonly strategy?: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  /** Restarts allowed within `periodMs`: of all children together, or of each child when `dynamic`. @default 3 */
  readonly intensity?: number;
  /** @default 30_000 */
  readonly periodMs?: number;
  /**
   * For supervisors of many similar children, such as sessions or agents: restarts are counted per child, and a child
   * that exceeds the intensity is parked with an event while its siblings continue. @default false
   */
  readonly dynamic?: boolean;
  /**
   * The supervisor stops, with all its children, once one or all of its `significant` children have ended by themselves
   * and are not restarted. @default 'never'
   */
  readonly autoShutdown?: 'never' | 'any-significant' | 'all-significant';
  /** Wait before the first restart; doubled at each further restart, less up to half of it by jitter. @default 100 */
  readonly backoffMs?: number;
  /** @default 10_000 */
  readonly backoffMaxMs?: number;
  /** Longest time for a child to stop in order before it is killed. @default 5_000 */
  readonly shutdownMs?: number;
}
