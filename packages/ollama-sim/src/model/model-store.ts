import { OllamaError } from '../errors.ts';
import type { SimModel } from './model.ts';
import { fullName, isValidName } from './model-name.ts';
import type { SimDisk } from './sim-disk.ts';

/** The models of this server on disk, by full name. Upper and lower case are not distinguished. */
export class ModelStore {
  readonly #models = new Map<string, SimModel>();
  readonly #disk: SimDisk;

  constructor(disk: SimDisk) {
    this.#disk = disk;
    for (const model of disk.state.models) this.#models.set(keyOf(model), model);
  }

  put(model: SimModel): void {
    this.#models.set(keyOf(model), model);
    this.#save();
  }

  find(name: string): SimModel | undefined {
    return this.#models.get(fullName(name).toLowerCase());
  }

  /** @throws OllamaError 404 with the text of the chat, generate and delete handlers */
  require(name: string): SimModel {
    const found = isValidName(name) ? this.find(name) : undefined;
    if (!found) throw new OllamaError(404, `model '${name}' not found`);
    return found;
  }

  remove(name: string): boolean {
    const removed = this.#models.delete(fullName(name).toLowerCase());
    this.#save();
    return removed;
  }

  /** Newest first, as in `/api/tags`. */
  list(): readonly SimModel[] {
    return [...this.#models.values()].toSorted((a, b) => b.modifiedAtMs - a.modifiedAtMs);
  }

  #save(): void {
    this.#disk.state.models = [...this.#models.values()];
    this.#disk.save();
  }
}

function keyOf({ name }: SimModel): string {
  return name.toLowerCase();
}
