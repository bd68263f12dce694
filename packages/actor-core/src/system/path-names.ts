const maxPaths = 1024;

/** The names that a path consists of, kept for those that come again and again. */
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
