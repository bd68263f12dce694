/** Ten years. No clock that a node should be believed with is further ahead. */
const farFutureMs = 10 * 365 * 86_400_000;
/** An incarnation this little above a known one is believed in any case. */
const nextOnes = 1_000;

/**
 * Whether a node is believed that states this incarnation of itself. Incarnations begin as wall clock milliseconds, so
 * a number from the far future would leave no room for later ones: it is ignored, and the node is known as before.
 */
export function isPlausibleIncarnation(incarnation: number, known: number, wallNowMs: number): boolean {
  return incarnation <= Math.max(wallNowMs + farFutureMs, known + nextOnes);
}
