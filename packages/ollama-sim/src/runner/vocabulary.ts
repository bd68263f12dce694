/** Entries a vocabulary keeps; later words share the last id. */
const MAX_ENTRIES = 262_144;

const PIECE = /<\|?[a-z_/]+\|?>| ?[A-Za-zÀ-ɏ']{1,8}| ?\d{1,9}|\s|[^\sA-Za-z0-9]/gu;

export function cutTokens(text: string): readonly string[] {
  return text.match(PIECE) ?? [];
}

/**
 * Cuts text into tokens and gives each an id: about a word with its leading space per token, longer words in
 * pieces of eight letters. Cutting is stable under appending at a token's edge, so that a text continued by
 * generated tokens has the same ids as prompt and answer put together.
 */
export class Vocabulary {
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];

  id(token: string): number {
    const known = this.#ids.get(token);
    if (known !== undefined) return known;
    if (this.#texts.length >= MAX_ENTRIES) return MAX_ENTRIES - 1;
    const id = this.#texts.length;
    this.#texts.push(token);
    this.#ids.set(token, id);
    return id;
  }

  encode(text: string): number[] {
    const ids: number[] = [];
    for (const piece of cutTokens(text)) ids.push(this.id(piece));
    return ids;
  }

  decode(ids: readonly number[]): string {
    return ids.map((id) => this.#texts[id] ?? ' ?').join('');
  }
}

/** Tokens at the front that two sequences have in common. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return i;
  return end;
}
