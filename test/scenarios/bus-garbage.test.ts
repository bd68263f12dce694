import { randomBytes } from 'node:crypto';
import { startNatsServer } from '@drover/actor-core/testing';
import { connect } from 'nats';
import { afterEach, expect, it } from 'vitest';
import { startCluster, stopLeftovers } from '../lib/cluster.ts';
import { startCount } from '../lib/count-stream.ts';
import { recordFigure } from '../lib/figures.ts';
import { isAlive } from '../lib/processes.ts';
import { stopSimHosts } from '../lib/sim-host.ts';

afterEach(async () => {
  await stopLeftovers();
  await stopSimHosts();
});

it('garbage on each bus subject is dropped without harm: streams continue, no process ends, new requests are served', async () => {
  const server = await startNatsServer();
  const cluster = await startCluster(['--sim', '2', '--slots', '8', '--nats', `nats://${server.url}`]);
  const running = Array.from({ length: 10 }, () => startCount(cluster.url, { upTo: 150 }));
  await Promise.all(running.map((stream) => stream.reached(3)));
  const connection = await connect({ servers: `nats://${server.url}` });
  // The subjects that the cluster uses, recorded by a listener.
  const subjects = new Set<string>();
  const listener = connection.subscribe('>', {
    callback: (error, message) => {
      if (error === null) subjects.add(message.subject);
    },
  });
  const spy = startCount(cluster.url, { upTo: 30 });
  await spy.outcome;
  listener.unsubscribe();
  const ours = [...subjects].filter((subject) => subject.startsWith('d1.'));
  expect(ours.length).toBeGreaterThan(5);
  const pieces = [
    new Uint8Array(0),
    new Uint8Array([0]),
    new Uint8Array([255, 1, 2]),
    new Uint8Array([1]),
    randomBytes(300),
    randomBytes(70_000),
    new TextEncoder().encode('{"v":1}'),
  ];
  let sent = 0;
  for (let round = 0; round < 20; round += 1) {
    for (const subject of ours) {
      for (const piece of pieces) {
        connection.publish(subject, piece);
        // As if it came from an unknown node.
        connection.publish(subject.replace(/[^.]+$/, 'nobody'), piece);
        sent += 2;
      }
    }
  }
  await connection.flush();
  const outcomes = await Promise.all(running.map((stream) => stream.outcome));
  recordFigure('garbage messages sent to the bus under 10 streams', sent);
  expect(outcomes.filter((outcome) => outcome.ending !== 'complete' || !outcome.contiguous)).toEqual([]);
  expect((await startCount(cluster.url, { upTo: 5 }).outcome).ending).toBe('complete');
  expect(cluster.ready.processes.filter((process) => !isAlive(process.pid))).toEqual([]);
  await connection.close();
  expect(await cluster.stop()).toBe(0);
  await server.dispose();
});

it('an invalid message of 1 MB on an inbox of the gateway does not delay it, and is logged once', async () => {
  const server = await startNatsServer();
  const cluster = await startCluster(['--sim', '1', '--slots', '8', '--nats', `nats://${server.url}`]);
  const running = Array.from({ length: 5 }, () => startCount(cluster.url, { upTo: 300 }));
  await Promise.all(running.map((stream) => stream.reached(3)));
  const connection = await connect({ servers: `nats://${server.url}` });
  const subjects = new Set<string>();
  const listener = connection.subscribe('>', {
    callback: (error, message) => {
      if (error === null) subjects.add(message.subject);
    },
  });
  await running[0]?.reached(20);
  listener.unsubscribe();
  const inboxes = [...subjects].filter((subject) => subject.includes('.n.gateway-1.'));
  expect(inboxes.length).toBeGreaterThan(0);
  const size = (connection.info?.max_payload ?? 1_048_576) - 1_000;
  for (const byte of [0xc0, 0xa0, 0x90, 0x80]) {
    const payload = new Uint8Array(size).fill(byte);
    // A frame starts with the version and the sender's incarnation.
    payload.set([1, 1]);
    for (const subject of inboxes) connection.publish(subject.replace(/[^.]+$/, 'stranger'), payload);
  }
  await connection.flush();
  const outcomes = await Promise.all(running.map((stream) => stream.outcome));
  const gapMs = Math.max(...outcomes.map((outcome) => outcome.maxGapMs));
  recordFigure(
    `largest gap of 5 streams while ${4 * inboxes.length} MB of no messages arrive`,
    gapMs,
    'ms',
    '< 3000',
  );
  expect(outcomes.map((outcome) => outcome.ending)).toEqual(running.map(() => 'complete'));
  expect(gapMs).toBeLessThan(3_000);
  const told = cluster
    .stderr()
    .split('\n')
    .filter((line) => line.includes('a peer sends what this node cannot take') && line.includes('gateway-1'));
  expect(told.length).toBeLessThanOrEqual(1);
  await connection.close();
  expect(await cluster.stop()).toBe(0);
  await server.dispose();
});
