import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimModel } from './model.ts';

/** What a server with a data folder finds again when it starts, as a real one finds its files. */
export interface DiskState {
  models: readonly SimModel[];
  /** Digests of the blobs that were uploaded. */
  blobs: readonly string[];
  /** Bytes of the downloads that are not complete, by full name. */
  partialBytes: Record<string, number>;
  /** Bytes that came from a registry, over all starts. */
  pulledBytes: number;
  /** Layers whose download began at byte 0, over all starts. */
  layerStarts: number;
}

/** The disk of a server: kept in a folder, or in memory alone. */
export class SimDisk {
  readonly state: DiskState;
  readonly #file: string | null;

  /** @param folder null: nothing outlives the process */
  constructor(folder: string | null, models: readonly SimModel[]) {
    this.#file = folder === null ? null : join(folder, 'library.json');
    if (folder !== null) mkdirSync(folder, { recursive: true });
    this.state =
      this.#file !== null && existsSync(this.#file)
        ? (JSON.parse(readFileSync(this.#file, 'utf8')) as DiskState)
        : { models, blobs: [], partialBytes: {}, pulledBytes: 0, layerStarts: 0 };
  }

  /** Writes the state; a process that is killed meanwhile leaves the former one. */
  save(): void {
    if (this.#file === null) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.state));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
