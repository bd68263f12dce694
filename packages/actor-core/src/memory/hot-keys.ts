/** Lost attempts of this node on one key, within `windowMs`, that make the key hot. */
const lossesToBeHot = 8;
const windowMs = 1_000;
/** How long a key stays hot. After that the conflicts of the next second decide again. */
const hotMs = 30_000;
const maxKeys = 1_024;

interface Heat {
  losses: number;
  /** Begin of the window that `losses` counts in. */
  sinceMs: number;
  hotUntilMs: number;
}

/**
 * Which keys several nodes write at the same time, as this node sees it: keys on which its compare-and-sets lose. Other
 * nodes may see it differently, which costs attempts and nothing else.
 */
export class HotKeys {
  /** In the order of the last loss. */
  readonly #heats = new Map<string, Heat>();

  /** An attempt of this node lost against another node. */
  lost(key: string, nowMs: number): void {
    const known = this.#heats.get(key);
    const heat =
      known !== undefined && nowMs - known.sinceMs <= windowMs
        ? known
        : { losses: 0, sinceMs: nowMs, hotUntilMs: known?.hotUntilMs ?? 0 };
    heat.losses++;
    if (heat.losses >= lossesToBeHot) heat.hotUntilMs = nowMs + hotMs;
    this.#heats.delete(key);
    this.#heats.set(key, heat);
    if (this.#heats.size <= maxKeys) return;
    const [oldest] = this.#heats.keys();
    if (oldest !== undefined) this.#heats.delete(oldest);
  }

  isHot(key: string, nowMs: number): boolean {
    if (this.#heats.size === 0) return false;
    const heat = this.#heats.get(key);
    if (heat === undefined) return false;
    if (nowMs < heat.hotUntilMs) return true;
    if (heat.hotUntilMs > 0) this.#heats.delete(key);
    return false;
  }

  /** Keys that are hot now. */
  count(nowMs: number): number {
    let hot = 0;
    for (const { hotUntilMs } of this.#heats.values()) if (nowMs < hotUntilMs) hot++;
    return hot;
  }
}
