import { commonPrefix } from '../text/vocabulary.ts';

/** Smallest share of a prompt that a slot must hold to be chosen for it. */
const SLOT_SIMILARITY = 0.1;
/** Number of prompts that are kept in RAM after another prompt took their slot. */
const RAM_ENTRIES = 2;
/** Time to restore a prompt from RAM; not part of the prompt duration. */
export const RESTORE_MS = 100;

/** One slot of a runner: its tokens, and whether it is in use. */
export interface Slot {
  readonly index: number;
  tokens: readonly number[];
  busy: boolean;
  /** True if a handler that hangs keeps the slot; then only an unload frees it. */
  leaked: boolean;
  lastUsed: number;
}

/** Start of a prompt on a slot. */
export interface SlotStart {
  readonly slot: Slot;
  /** Tokens that need not be computed. At least one token of a prompt is always computed. */
  readonly cachedTokens: number;
  readonly restoreMs: number;
}

/** Slots of one runner and their prompts in RAM. Decides the slot of a prompt and its cached tokens. */
export class PromptCache {
  readonly slots: readonly Slot[];
  #ram: (readonly number[])[] = [];
  #uses = 0;

  constructor(slotCount: number) {
    this.slots = Array.from({ length: slotCount }, (_, index) => ({
      index,
      tokens: [],
      busy: false,
      leaked: false,
      lastUsed: 0,
    }));
  }

  /** Takes a free slot for the prompt: the most similar one, else the least recently used. */
  take(prompt: readonly number[]): SlotStart | null {
    let best: Slot | undefined;
    let bestShared = 0;
    let oldest: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.busy) continue;
      if (!oldest || slot.lastUsed < oldest.lastUsed) oldest = slot;
      const shared = commonPrefix(slot.tokens, prompt);
      if (shared > bestShared && shared > prompt.length * SLOT_SIMILARITY)
        [best, bestShared] = [slot, shared];
    }
    const slot = best ?? oldest;
    if (!slot) return null;
    const ram = this.#findInRam(prompt, bestShared);
    // A slot that would lose more than half of its tokens saves them first.
    if (slot.tokens.length > 0 && bestShared < slot.tokens.length / 2) this.#keep(slot.tokens);
    slot.busy = true;
    slot.lastUsed = ++this.#uses;
    const shared = Math.max(bestShared, ram);
    slot.tokens = prompt.slice(0, shared);
    return {
      slot,
      cachedTokens: Math.max(0, Math.min(shared, prompt.length - 1)),
      restoreMs: ram > bestShared ? RESTORE_MS : 0,
    };
  }

  #findInRam(prompt: readonly number[], atLeast: number): number {
    let best = atLeast;
    for (const kept of this.#ram) best = Math.max(best, commonPrefix(kept, prompt));
    return best;
  }

  #keep(tokens: readonly number[]): void {
    this.#ram = [tokens, ...this.#ram].slice(0, RAM_ENTRIES);
  }
}
