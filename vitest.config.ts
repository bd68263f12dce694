import { defineConfig } from 'vitest/config';

// Four projects. `unit` runs without a nats-server. `integration` needs a nats-server, several processes or many sockets.
// Both run beside the code; their files share no module state, so a worker keeps its modules from one file to the next.
// `scenarios` starts the whole system. `timed-scenarios` are those whose bars are times: one file after the other.
const timed = ['cancel', 'fair-queue', 'kill-host', 'nats-restart', 'slow-reader'].map(
  (name) => `test/scenarios/${name}.test.ts`,
);

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.{ts,mjs}', 'test/lib/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          isolate: false,
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['packages/*/src/**/*.integration.test.ts'],
          isolate: false,
          testTimeout: 10_000,
          hookTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['test/scenarios/**/*.test.ts'],
          exclude: timed,
          testTimeout: 120_000,
          hookTimeout: 120_000,
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
    ],
  },
});
