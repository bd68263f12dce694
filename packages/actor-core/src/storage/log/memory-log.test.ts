import { logContract } from '../../testing/log-contract.ts';
import { memoryLogsKit } from '../../testing/memory-logs.ts';

logContract('memory', () => {
  const { log, clock, eventually } = memoryLogsKit();
  return Promise.resolve({
    log,
    wallNow: () => clock.wallNow(),
    eventually,
    dispose: () => Promise.resolve(),
  });
});
