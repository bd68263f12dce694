import { createHash, type Hash } from 'node:crypto';

/** SHA-256 of content that comes in parts. */
export class ContentHash {
  readonly #hash: Hash = createHash('sha256');

  add(part: Uint8Array): void {
    this.#hash.update(part);
  }

  /** 64 hexadecimal digits. Call it once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
