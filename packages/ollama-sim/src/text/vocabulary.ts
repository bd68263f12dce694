/** Largest number of entries; later tokens share the last id. */
const MAX_ENTRIES = 262_144;

const PIECE = /<\|?[a-z_/]+\|?>| ?[A-Za-zÀ-ɏ']{1,8}| ?\d{1,9}|\s|[^\sA-Za-z0-9]/gu;

export function cutTokens(text: string): readonly string[] {
  return text.match(PIECE) ?? [];
}

/**
 * Cuts text into tokens and gives each token an id. A token is about one word with its leading space; longer words
 * are cut into pieces of eight letters. Text that is appended at the end of a token does not change the tokens before
 * it, so that prompt and generated tokens have the same ids as prompt and answer in one text.
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

/** Number of equal tokens at the beginning of two sequences. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) return i;
  return end;
}
