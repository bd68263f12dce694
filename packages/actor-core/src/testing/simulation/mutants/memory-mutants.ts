import type { Mutant } from '../mutant.ts';

/** Known bugs of the replicated memory. */
export const memoryMutants: readonly Mutant[] = [
  {
    name: 'memory-blob-reclaimed-while-referenced',
    scenario: 'remembering',
    bug: 'the upkeep of memory removes blobs although the records of their keys refer to them',
    file: 'memory/reclaim-blobs.ts',
    find: '    return stored.meta.blob?.name === name;\n',
    replace: '    return stored.meta.blob?.name === key;\n',
  },
  {
    name: 'memory-move-changes-the-revision',
    scenario: 'remembering',
    bug: 'a value of memory that was moved has a new revision',
    file: 'memory/stored-value.ts',
    find: '(meta.moved?.revision ?? sequence)',
    replace: 'sequence',
  },
  {
    name: 'watch-gap-ignored',
    scenario: 'remembering',
    bug: 'a watch goes on with the next announcement although one before it was lost',
    file: 'storage/log/decide-watch.ts',
    find: '  if (record.sequence === state.next)\n',
    replace: '  if (record.sequence >= state.next)\n',
  },
  {
    name: 'fresh-read-without-barrier',
    scenario: 'remembering',
    bug: 'a fresh read of memory is not proven by a write',
    file: 'memory/memory-bucket.ts',
    find: 'while (!(await this.barrier.prove(key, stored.sequence))) {',
    replace: 'while (stored.sequence < 0) {',
  },
  {
    name: 'memory-cas-dropped',
    scenario: 'remembering',
    bug: 'a change of memory is written whatever the newest revision is',
    file: 'memory/key-writers.ts',
    find: 'return writer.write(bucket.logName, first, expect);',
    replace: 'return writer.write(bucket.logName, first);',
  },
  {
    name: 'last-writer-ignores-the-clock',
    scenario: 'remembering',
    bug: 'the value that arrives last stays, whatever its stamp is',
    file: 'memory/decide-key-write.ts',
    find: 'compareStamps(put.stamp, stored.meta.stamp) < 0;',
    replace: 'compareStamps(put.stamp, stored.meta.stamp) < -1e18;',
  },
  {
    name: 'memory-refuses-on-a-guess',
    scenario: 'remembering',
    bug: 'a compare-and-set is refused because of a value that may be outdated',
    file: 'memory/key-writers.ts',
    find: 'if (plan.isRefusing && !basis.isProven) {',
    replace: 'if (plan.isRefusing && attempt < 0) {',
  },
  {
    name: 'memory-takes-older-values',
    scenario: 'remembering',
    bug: 'a read that is older than an announced change replaces it in the cache',
    file: 'memory/value-cache.ts',
    find: '    if (sequence < this.newest(key)) return false;\n',
    replace: '',
  },
];
