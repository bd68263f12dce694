import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/system-clock.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import { JetStreamClient } from '../storage/jetstream/jetstream-client.ts';
import { LogKeyValue } from '../storage/key-value/log-key-value.ts';
import { JetStreamLog } from '../storage/log/jetstream-log.ts';
import { RecordWriter } from '../storage/log/record-writer.ts';
import { eventually } from '../testing/jetstream.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { connectNats } from './connect-nats.ts';
import { memoryBucket, memoryFeed } from './subjects.ts';
import { tenantMemoryPermissions } from './tenant-permissions.ts';
import type { HeaderTransport } from './transport.ts';

const parts = { clock: systemClock, random: systemRandom };
const bucket = memoryBucket('home', 'standard');
const feed = memoryFeed('home', 'standard');
const complaints: string[] = [];
const log: Logger = {
  ...silentLogger,
  warn: (fields, message) =>
    void complaints.push(`${message} ${JSON.stringify(fields)} ${String((fields as { err?: unknown }).err)}`),
};
let server: NatsServer;
let admin: HeaderTransport;
let acme: HeaderTransport;

beforeAll(async () => {
  const users = [
    { user: 'admin', password: 'admin' },
    ...['acme', 'rival'].map((tenant) => {
      const permissions = tenantMemoryPermissions('home', 'standard', tenant);
      return { user: tenant, password: tenant, permissions };
    }),
  ];
  server = await startNatsServer({ configuration: `authorization { users: ${JSON.stringify(users)} }` });
  const connect = (user: string, node: string) =>
    connectNats({ node, servers: [server.url], user, pass: user, log, ...parts });
  admin = await connect('admin', 'admin');
  acme = await connect('acme', 'tenant-acme');
  const jetStream = new JetStreamLog(new JetStreamClient({ transport: admin, ...parts }));
  const writer = new RecordWriter({ log: jetStream, ...parts });
  const values = await new LogKeyValue({ log: jetStream, writer, ...parts }).ensure({ name: bucket, feed });
  await values.put('acme.global._.a', new Uint8Array([1]));
  await values.put('rival.global._.a', new Uint8Array([2]));
});
afterAll(async () => {
  await acme.close();
  await admin.close();
  await server.dispose();
});

const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
const ask = (subject: string, payload: Uint8Array) => acme.request(subject, payload, { timeoutMs: 500 });
const consumer = (name: string, filter: string, inbox: string) =>
  json({
    stream_name: `KV_${bucket}`,
    config: {
      name,
      filter_subject: filter,
      deliver_subject: inbox,
      deliver_policy: 'last_per_subject',
      ack_policy: 'none',
    },
    action: 'create',
  });

it('lets a tenant write its own values and hear of them', async () => {
  const heard: string[] = [];
  acme.subscribe(`${feed}.$KV.${bucket}.acme.>`, ({ subject }) => heard.push(subject));
  await acme.flush({ timeoutMs: 1_000 });
  const reply = JSON.parse(
    new TextDecoder().decode(await ask(`$KV.${bucket}.acme.global._.b`, json({}))),
  ) as object;
  expect(reply).toMatchObject({ stream: `KV_${bucket}` });
  await eventually(() => heard.length === 1);
  expect(heard[0]).toBe(`${feed}.$KV.${bucket}.acme.global._.b`);
});

it.each([
  ['write a value of another tenant', `$KV.${bucket}.rival.global._.a`, json({})],
  [
    'read by the subject of a key',
    `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
    json({ last_by_subj: `$KV.${bucket}.rival.global._.a` }),
  ],
  ['learn the keys of the bucket', `$JS.API.STREAM.INFO.KV_${bucket}`, json({ subjects_filter: '>' })],
  [
    'read another tenant by a consumer',
    `$JS.API.CONSUMER.CREATE.KV_${bucket}.c2.$KV.${bucket}.rival.>`,
    consumer('c2', `$KV.${bucket}.rival.>`, '_I.tenant-acme.x'),
  ],
  [
    'make the server deliver its own values to another subject',
    `$JS.API.CONSUMER.CREATE.KV_${bucket}.c3.$KV.${bucket}.acme.>`,
    consumer('c3', `$KV.${bucket}.acme.>`, 'd1.home.n.host.ord.host'),
  ],
  ['delete the bucket', `$JS.API.STREAM.DELETE.KV_${bucket}`, json({})],
])('refuses a tenant to %s', async (_what, subject, payload) => {
  await expect(ask(subject, payload)).rejects.toThrow();
});

it('refuses a tenant to hear the changes of another one', async () => {
  const before = complaints.length;
  const heard: string[] = [];
  acme.subscribe(`${feed}.$KV.${bucket}.rival.>`, ({ subject }) => heard.push(subject));
  await eventually(() => complaints.length > before);
  admin.publish(`$KV.${bucket}.rival.global._.c`, json({}));
  await admin.flush({ timeoutMs: 1_000 });
  await acme.flush({ timeoutMs: 1_000 });
  expect(heard).toEqual([]);
});
