import { createTestHub, seededRandom } from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import { startTestCell } from '../testing/test-cell.ts';

/**
 * A submitted run whose host is lost at each step: after each message that any node sends between the submission and
 * the recorded end. Every play ends the run, and no run is active for ever.
 */
type Loss = 'killed' | 'killed, and started again at once' | 'drained' | 'cut off for 10 s';

const timeoutMs = 8_000;
/** Above the number of messages of a play, so that the last plays lose no host before the end. */
const lastStep = 60;
const stride = 5;

describe.each<[Loss, 'leads' | 'follows']>([
  ['killed', 'follows'],
  ['killed', 'leads'],
  ['killed, and started again at once', 'follows'],
  ['killed, and started again at once', 'leads'],
  ['drained', 'follows'],
  ['drained', 'leads'],
  ['cut off for 10 s', 'follows'],
  ['cut off for 10 s', 'leads'],
])('a host that is %s while it runs a recorded task and %s', (loss, role) => {
  it('leaves no run active, at whichever step it is lost', { timeout: 120_000 }, async () => {
    const stuck: string[] = [];
    for (let step = 1; step <= lastStep; step += stride) {
      const status = await play(step, loss, role);
      if (status === 'running') stuck.push(`step ${step}`);
    }
    expect(stuck).toEqual([]);
  });
});

/** The state of the run after the host was lost at that message, and everything had time to converge. */
async function play(step: number, loss: Loss, role: 'leads' | 'follows'): Promise<string> {
  const hub = createTestHub({ random: seededRandom(step) });
  const cell = await startTestCell({ hub, hosts: ['host-1', 'host-2', 'host-3'] });
  const leader = await cell.leader();
  let agent = await cell.during(cell.client.spawn({ type: 'assistant' }));
  while ((agent.node === leader) !== (role === 'leads'))
    agent = await cell.during(cell.client.spawn({ type: 'assistant' }));
  const { node } = agent;
  const seen = { messages: 0 };
  hub.bus.fault = () => {
    seen.messages += 1;
    return 'deliver';
  };
  const submitted = cell.client.submit(agent.id, { input: 'one two', timeoutMs }).then(
    ({ runId }) => runId,
    () => undefined,
  );
  for (let waited = 0; seen.messages < step && waited < 3_000; waited += 5) await cell.advance(5);
  await lose(cell, node, loss);
  const runId = await cell.during(submitted, 30_000);
  await cell.advance(30_000);
  if (runId === undefined) return 'refused';
  return (await cell.during(cell.client.run(runId))).status;
}

async function lose(
  cell: Awaited<ReturnType<typeof startTestCell>>,
  node: string,
  loss: Loss,
): Promise<void> {
  const transport = cell.hosts.get(node)?.node.transport;
  switch (loss) {
    case 'killed':
      return cell.kill(node);
    case 'killed, and started again at once':
      cell.kill(node);
      await cell.start(node);
      return;
    case 'drained':
      await cell.during(cell.hosts.get(node)?.host.drain() ?? Promise.resolve(), 30_000);
      return;
    case 'cut off for 10 s':
      transport?.disconnect();
      await cell.advance(10_000);
      transport?.reconnect();
  }
}
