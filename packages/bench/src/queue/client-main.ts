import { silentLogger, systemClock } from '@drover/actor-core';
import { joinCluster, startQueues } from '@drover/actor-core/cluster';
import { fill, put, takeAndAck } from './drive.ts';

/** Usage: client-main URL DEPTH OPERATIONS. Writes the outcomes as one line of JSON. */
const [url = '', depth = '', operations = ''] = process.argv.slice(2);
const inFlight = 64;
const takers = 16;
/** The streams exist a moment after the start. */
const readyTimeoutMs = 30_000;

const node = await joinCluster({
  nodeId: 'bench',
  incarnation: systemClock.wallNow(),
  roles: ['host'],
  cell: 'bench',
  nats: { servers: url.split(',') },
  pid: process.pid,
  log: silentLogger,
});
const queues = startQueues(node);
await ready();
const filled = await fill(queues, Number(depth), inFlight);
const putAtDepth = await put(queues, Number(operations), inFlight);
const { take, ack } = await takeAndAck(queues, Number(operations), takers);
queues.close();
await node.leave();
process.stdout.write(`${JSON.stringify({ fill: filled, put: putAtDepth, take, ack })}\n`);

async function ready(): Promise<void> {
  const deadline = systemClock.now() + readyTimeoutMs;
  for (;;) {
    try {
      return void (await queues.put({ tenant: 'bench', queue: 'ready' }, { body: new Uint8Array(1) }));
    } catch (error) {
      if (systemClock.now() > deadline) throw error;
      await new Promise<void>((resolve) => systemClock.setTimer(200, resolve));
    }
  }
}
