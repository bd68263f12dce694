import type { Mutant } from '../mutant.ts';

/** Bugs of journalled behaviours and durable timers. */
export const journalMutants: readonly Mutant[] = [
  {
    name: 'ack-before-store',
    scenario: 'journalling',
    bug: 'a journalled actor changes its state and answers before its events are stored',
    file: 'journal/journalled.ts',
    find: '    const outcome = await this.#session.store(decision.events ?? [], decision.timers ?? []);\n',
    replace:
      '    const storing = this.#session.store(decision.events ?? [], decision.timers ?? []);\n' +
      '    const { journal } = this.#session;\n' +
      '    decision.afterwards?.((decision.events ?? []).reduce(this.#definition.apply, journal.state));\n' +
      '    const outcome = await storing;\n',
  },
  {
    name: 'snapshot-before-its-events',
    seed: 6,
    scenario: 'journalling',
    bug: 'a snapshot has the events of a command that is not stored yet',
    file: 'journal/journal-session.ts',
    find: '    const proposal = journal.propose(events, changes);\n',
    replace:
      '    const proposal = journal.propose(events, changes);\n' +
      '    if (journal.sinceSnapshot >= 5) {\n' +
      '      journal.stored(proposal, journal.sequence);\n' +
      '      await this.#save(journal);\n' +
      '      journal.position = { ...journal.position, index: journal.position.index - 1 };\n' +
      '    }\n',
  },
  {
    name: 'replay-skips-one',
    scenario: 'journalling',
    bug: 'the first entry after a snapshot is not replayed',
    file: 'journal/journal-state.ts',
    find: "    if (step.do === 'apply') this.#take(entry, this.#applyStored(entry.events));\n",
    replace:
      "    if (step.do === 'apply')\n" +
      '      this.#take(entry, this.sinceSnapshot === 0 ? this.state : this.#applyStored(entry.events));\n',
  },
  {
    name: 'timer-lost-on-restart',
    scenario: 'journalling',
    bug: 'snapshots do not have the timers',
    file: 'journal/journal-state.ts',
    find: '      timers: this.timers.all(),\n',
    replace: '      timers: [],\n',
  },
  {
    name: 'unknown-outcome-as-refused',
    seed: 8,
    scenario: 'journalling',
    bug: 'a write with an unknown outcome is reported as not stored',
    file: 'journal/journalled.ts',
    find: "    if (outcome.kind === 'not-stored') {\n",
    replace: '    if (outcome.kind.length > 0) {\n',
  },
  {
    name: 'timer-by-own-clock',
    scenario: 'journalling',
    bug: 'a wall clock of the node that is ahead decides whether a timer is due',
    file: 'journal/journalled.ts',
    find: '      nowMs = await this.#session.serverClock.ask();\n',
    replace:
      '      nowMs = Math.max(await this.#session.serverClock.ask(), this.#context.clock.wallNow());\n',
  },
  {
    name: 'journal-read-before-the-fence',
    scenario: 'journalling',
    bug: 'a journal is recovered from a server that lags behind the fence of its owner',
    file: 'journal/recover-journal.ts',
    find: 'if (page.next <= atLeast) throw new StoreUnavailableError(owner.log);',
    replace: '',
  },
];
