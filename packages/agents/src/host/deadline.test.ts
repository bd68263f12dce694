import { describe, expect, it } from 'vitest';
import { startTestCell } from '../testing/test-cell.ts';

describe('a task at its deadline', () => {
  it.each([1, 50, 3_000])('fails with deadline where no host leads (%i ms)', async (timeoutMs) => {
    const { client, during } = await startTestCell({ hosts: [] });
    await expect(during(client.task('a1', { input: 'x', timeoutMs }))).rejects.toMatchObject({
      code: 'deadline',
      message: expect.stringContaining(`${timeoutMs} ms`),
    });
  });

  it('fails with no-leader after it has waited for a leader for waitMs', async () => {
    const { client, during } = await startTestCell({ hosts: [] });
    await expect(during(client.task('a1', { input: 'x', timeoutMs: 60_000 }))).rejects.toMatchObject({
      code: 'no-leader',
    });
  });

  it('fails with deadline while its agent has no host', async () => {
    const { client, during, kill } = await startTestCell({ hosts: ['host-1', 'host-2'] });
    const { id, node } = await during(client.spawn({ type: 'assistant' }));
    kill(node);
    await expect(during(client.task(id, { input: 'x', timeoutMs: 400 }))).rejects.toMatchObject({
      code: 'deadline',
    });
  });
});

describe('a task without timeoutMs', () => {
  it.each([
    [{ taskTimeoutMs: 0 }, 3_600_000],
    [{ taskTimeoutMs: 0, maxTaskTimeoutMs: 0 }, Number.MAX_SAFE_INTEGER],
  ])('may take as long as %j allows', async (config, mostMs) => {
    const { client, during, hosts } = await startTestCell({ hosts: ['host-1'], config });
    const { id } = await during(client.spawn({ type: 'assistant' }));
    expect(await during(client.task(id, { input: 'x' }))).toMatchObject({ status: 'completed' });
    const timeoutMs = hosts.get('host-1')?.fleet.calls[0]?.request.timeoutMs ?? 0;
    expect(timeoutMs / mostMs).toBeCloseTo(1, 4);
  });
});
