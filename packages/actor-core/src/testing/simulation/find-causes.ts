import { playSeed, strikeNames } from './play-seed.ts';

/** Which kinds of fault a broken guarantee needs. */
export interface Causes {
  /** Without any one of these kinds the seed keeps every guarantee. */
  readonly needed: readonly string[];
  /** All these kinds together can be left out: the seed still breaks a guarantee. */
  readonly irrelevant: readonly string[];
}

/** Plays a broken seed with fewer and fewer faults, for as long as it still breaks a guarantee. */
export async function findCauses(seed: number, scenario: string): Promise<Causes> {
  const needed: string[] = [];
  const irrelevant: string[] = [];
  for (const kind of strikeNames) {
    const { broken } = await playSeed(seed, scenario, { without: [...irrelevant, kind] });
    if (broken.length > 0) irrelevant.push(kind);
    else needed.push(kind);
  }
  return { needed, irrelevant };
}
