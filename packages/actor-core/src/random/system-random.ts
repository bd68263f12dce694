import { randomFillSync } from 'node:crypto';
import type { Random } from '../random.ts';
import { idAlphabet, idLength } from './id-alphabet.ts';

const pool = new Uint8Array(1024);
let used = pool.length;

function byte(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] as number;
}

/** The random source of the process. Identifiers come from the generator of the operating system. */
export const systemRandom: Random = {
  next: () => Math.random(),
  id() {
    let id = '';
    while (id.length < idLength) {
      const value = byte();
      // 252 is the largest multiple of 36 that fits a byte: larger values would favour the first characters.
      if (value < 252) id += idAlphabet[value % 36];
    }
    return id;
  },
};
