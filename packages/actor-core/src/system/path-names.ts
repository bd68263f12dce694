/** Number of cached paths above which the cache is cleared. */
const maxPaths = 1024;

/** Splits paths into names, with a cache for paths that are used often. */
export class PathNames {
  readonly #split = new Map<string, readonly string[]>();

  of(path: string): readonly string[] {
    let names = this.#split.get(path);
    if (names === undefined) {
      if (this.#split.size >= maxPaths) this.#split.clear();
      names = path.split('/');
      this.#split.set(path, names);
    }
    return names;
  }
}
