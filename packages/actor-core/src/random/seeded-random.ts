import type { Random } from '../random.ts';
import { idAlphabet, idLength } from './id-alphabet.ts';

/** A random source that is determined by its seed (sfc32; Practically Random, C. Doty-Humphrey). */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162 ^ (seed / 2 ** 32);
  let d = seed | 0;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return {
    next,
    id: () => Array.from({ length: idLength }, () => idAlphabet[Math.floor(next() * 36)]).join(''),
  };
}
