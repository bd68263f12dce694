import type { Mutant } from '../mutant.ts';

/** Bugs in storage and fences. */
export const storageMutants: readonly Mutant[] = [
  {
    name: 'accepted-write-reported-as-refused',
    scenario: 'storing',
    bug: 'an accepted write whose reply was lost, and that another write followed, is reported as refused',
    file: 'storage/log/decide-write.ts',
    find: "      if (state.mayBeAccepted) return { do: 'look', state: { ...state, last: outcome } };\n      return { do: 'finish', outcome: { kind: 'rejected', actual: outcome.actual } };",
    replace: "      return { do: 'finish', outcome: { kind: 'rejected', actual: outcome.actual } };",
  },
  {
    name: 'watch-believes-what-it-knew-before',
    scenario: 'storing',
    bug: 'a watch goes back to what it knew before it asked, and delivers records again',
    file: 'storage/log/watch-log.ts',
    find: '      const info = await this.#options.log.info(this.#options.name);\n',
    replace:
      '      const before = this.#state;\n      const info = await this.#options.log.info(this.#options.name);\n      this.#state = before;\n',
  },
  {
    name: 'refusal-explained-by-a-stale-read',
    seed: 34,
    scenario: 'storing',
    bug: 'a deposed writer is told of a conflict, because a read that lags behind shows its fence as held',
    file: 'fence/fenced-writer.ts',
    find: 'if (records.every((record) => record.expect === undefined)) {',
    replace: 'if (records.length === 0) {',
  },
  {
    name: 'task-done-before-its-acknowledgement',
    scenario: 'storing',
    bug: 'a task that is refused by its taker is removed',
    file: 'storage/work-queue/task-leases.ts',
    find: "const again = { kind: 'again', delayMs } as const;",
    replace: "const again = { kind: 'done' } as const;",
  },
];
