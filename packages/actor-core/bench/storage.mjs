// Rates of the storage layer beside the stock key-value client, each with its own connection to one nats-server with
// the default sync, or with SYNC=always. Usage: node packages/actor-core/bench/storage.mjs [seconds per figure, default 2] [rounds, default 3]
// The stock client is measured where it is installed: npm install --no-save @nats-io/kv@3.4.0
// Needs a nats-server (see testing/nats-server.ts) and the built package.
import { connect } from 'nats';
import { systemClock } from '../dist/clock/system-clock.js';
import { createFence, takeFence } from '../dist/fence/fence.js';
import { FencedWriter } from '../dist/fence/fenced-writer.js';
import { silentLogger } from '../dist/logger.js';
import { systemRandom } from '../dist/random/system-random.js';
import { JetStreamClient } from '../dist/storage/jetstream/jetstream-client.js';
import { LogKeyValue } from '../dist/storage/key-value/log-key-value.js';
import { JetStreamLog } from '../dist/storage/log/jetstream-log.js';
import { RecordWriter } from '../dist/storage/log/record-writer.js';
import { JetStreamConsumers } from '../dist/storage/work-queue/jetstream-consumers.js';
import { LogWorkQueues } from '../dist/storage/work-queue/log-work-queue.js';
import { startNatsServer } from '../dist/testing/nats-server.js';
import { connectNats } from '../dist/transport/connect-nats.js';

const seconds = Number(process.argv[2] ?? 2);
const rounds = Number(process.argv[3] ?? 3);
const value = new Uint8Array(128).fill(120);
const keys = 1_000;

const server = await startNatsServer(
  process.env.SYNC === 'always' ? { configuration: 'jetstream { sync_interval: always }' } : {},
);
const parts = { clock: systemClock, random: systemRandom };
const transport = await connectNats({ node: 'bench', servers: [server.url], log: silentLogger, ...parts });
const client = new JetStreamClient({ transport, ...parts });
const log = new JetStreamLog(client);
const writer = new RecordWriter({ log, ...parts });
const ours = await new LogKeyValue({ log, writer, clock: systemClock }).ensure({
  name: 'ours',
  feed: 'feed.ours',
});
const plain = await new LogKeyValue({ log, writer, clock: systemClock }).ensure({ name: 'plain' });
const stockModule = await import('@nats-io/kv').catch(() => undefined);
const stockConnection = await connect({ servers: server.url });
const stock =
  stockModule &&
  (await new stockModule.Kvm(stockConnection).create('stock', { history: 1, allow_direct: false }));
await log.ensure({ name: 'G', subjects: ['g.>'] });
const taken = await takeFence(writer, { log: 'G', after: 0, record: { subject: 'g.lead', payload: value } });
const fence = createFence('G', 'g.lead', taken.fence.sequence);
const piped = new FencedWriter({ log, writer, commit: 'pipeline' });
const grouped = new FencedWriter({ log, writer, commit: 'batch' });
const fenced = (by) => (n) => by.write(fence, { subject: `g.k${n % keys}`, payload: value });

const queue = await new LogWorkQueues({
  log,
  writer,
  consumers: new JetStreamConsumers(client),
  clock: systemClock,
}).ensure({ name: 'bench', prefix: 'wq.bench', feed: 'feed.wq' });
let tasks = 0;
const takeAndAck = async () => {
  for (const { lease } of await queue.take({ max: 1 })) await queue.ack(lease);
};

const figures = [
  ['put, stock client', 64, (n) => stock.put(`k${n % keys}`, value)],
  ['put, ours', 64, (n) => plain.put(`k${n % keys}`, value)],
  ['put, ours with feed', 64, (n) => ours.put(`k${n % keys}`, value)],
  ['put, stock client', 1, (n) => stock.put(`k${n % keys}`, value)],
  ['put, ours', 1, (n) => plain.put(`k${n % keys}`, value)],
  ['get from the leader, stock client', 64, (n) => stock.get(`k${n % keys}`)],
  ['get from the leader, ours', 64, (n) => plain.get(`k${n % keys}`)],
  ['fenced write, pipeline', 64, fenced(piped)],
  ['fenced write, group commit', 64, fenced(grouped)],
  ['fenced write, group commit', 1_024, fenced(grouped)],
  ['queue: put', 64, () => queue.put({ id: `t${tasks++}`, body: value })],
  ['queue: take and acknowledge one', 64, takeAndAck],
];

if (stock === undefined)
  for (let i = figures.length - 1; i >= 0; i--) if (figures[i][0].includes('stock')) figures.splice(i, 1);
const rates = figures.map(() => []);
const delays = figures.map(() => []);
/** Processor time of this process for one operation, in microseconds. */
const costs = figures.map(() => []);
for (let round = 0; round < rounds; round++)
  for (const [index, [, inFlight, act]] of figures.entries()) await measure(index, inFlight, act);
for (const [index, [name, inFlight]] of figures.entries()) {
  const sorted = delays[index].toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(2);
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(rounds / 2)];
  const rate = Math.round(median(rates[index]));
  const cost = median(costs[index]).toFixed(1);
  console.log(
    `${name.padEnd(36)} ${String(inFlight).padStart(5)} in flight ${String(rate).padStart(8)}/s  p50 ${at(0.5)} ms  p95 ${at(0.95)} ms  cpu ${cost} us`,
  );
}
await stockConnection.close();
await transport.close();
await server.dispose();

async function measure(index, inFlight, act) {
  let count = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1_000;
  const one = async () => {
    for (let now = performance.now(); now < end; ) {
      await act(count++);
      const after = performance.now();
      delays[index].push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  rates[index].push(count / ((performance.now() - start) / 1_000));
  const { user, system } = process.cpuUsage(cpu);
  costs[index].push((user + system) / count);
}
