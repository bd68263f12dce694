// A queue of tasks for an agent. Run: node examples/client/work.ts http://127.0.0.1:11500 sim-count
import { DroverClient, hasCode } from '@drover/client';

const [url = 'http://127.0.0.1:11500', model = 'sim-count'] = process.argv.slice(2);
const drover = new DroverClient({ url, key: process.env['DROVER_KEY'] });

const agent = await drover.agents.spawn({ type: 'assistant', model, options: { num_predict: 32 } });
try {
  await drover.queues.put('questions', { ask: 'Count to five' }, { id: `q-${agent.id}` });
  const messages = await drover.queues.take('questions', { max: 1, waitMs: 5_000, leaseMs: 60_000 });
  for (const message of messages) {
    const { ask } = message.body as { ask: string };
    for await (const event of drover.agents.stream(agent.id, { input: ask }))
      if (event.type === 'token') process.stdout.write(event.text);
    process.stdout.write('\n');
    await drover.queues.ack('questions', message);
  }
} catch (error) {
  if (!hasCode(error, 'lease-lost')) throw error;
  console.error('the task took longer than its lease: somebody else has it now');
} finally {
  await drover.agents.stop(agent.id);
}
