import { describe, expect, it } from 'vitest';
import type { ActorArm } from './actor-arm.ts';
import drover from './arms/drover.ts';
import functionCall from './arms/function.ts';
import { measure } from './measure.ts';
import { workloads } from './workloads.ts';

describe.each([drover, functionCall])('the arm $name', (arm) => {
  it.each(workloads)('delivers every message of $name', async ({ name }) => {
    const outcome = await measure(arm, name, { count: 1_000, width: 100 });
    expect(outcome?.sent).toBeGreaterThan(0);
    expect(outcome?.delivered).toBe(outcome?.sent);
    expect(outcome?.cpuMicros).toBeGreaterThan(0);
  });
});

describe('an arm without workloads', () => {
  const nothing: ActorArm = {
    name: 'nothing',
    mailbox: true,
    path: '',
    version: () => '1',
    library: async () => ({}),
  };

  it.each(workloads)('has no figure of $name', async ({ name }) => {
    expect(await measure(nothing, name, { count: 10, width: 1 })).toBeUndefined();
  });
});
