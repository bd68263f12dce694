import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// `unit` and `unit-actor-core` run without a nats-server. `integration` needs a nats-server, several processes or many
// sockets. These run beside the code. `scenarios` starts the whole system. `timed-scenarios` are those of both whose bars
// are times: one file after the other.
//
// A worker of the unit tests keeps its modules from one file to the next, which saves most of the import time. The
// tests of actor-core have a project of their own: they load its sources, all others its build, and one process may
// hold one copy of it only, since msgpackr keeps one table of extensions for the whole process.
const timedScenarios = ['cancel', 'fair-queue', 'kill-host', 'nats-restart', 'slow-reader'].map(
  (name) => `test/scenarios/${name}.test.ts`,
);
/** Real processes that are killed, frozen and cut off: their bars are times too. */
const timedProcesses = ['membership/detection', 'leadership/jetstream-faults', 'leadership/leader-stays'].map(
  (name) => `packages/actor-core/src/${name}.integration.test.ts`,
);
const timed = [...timedScenarios, ...timedProcesses];
/** Played by `npm run proof` alone: on an overloaded machine its bar is missed now and then (docs/cluster-faults.md). */
const trials = ['packages/actor-core/src/leadership/failover.integration.test.ts'];

/** Starts the longest scenarios first, so that no worker waits for one of them at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longest = ['silence.test.ts', 'leaks.test.ts', 'doctor.test.ts'];
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(`/scenarios/${name}`));
      return index === -1 ? longest.length : index;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of the sequencer, not of an array
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.{ts,mjs}', 'test/lib/**/*.test.ts'],
          exclude: ['packages/actor-core/**', '**/*.integration.test.ts', '**/node_modules/**'],
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'unit-actor-core',
          include: ['packages/actor-core/src/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts'],
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['packages/*/src/**/*.integration.test.ts'],
          exclude: [...timedProcesses, ...trials, '**/node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['test/scenarios/**/*.test.ts'],
          exclude: timedScenarios,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxConcurrency: 3,
        },
      },
      {
        test: {
          name: 'timed-scenarios',
          include: timed,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: { name: 'trials', include: trials, testTimeout: 120_000, fileParallelism: false },
      },
    ],
  },
});
