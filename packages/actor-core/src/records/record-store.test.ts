import { silentLogger } from '../logger.ts';
import { controlStream } from '../transport/subjects.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import { RecordStore } from './record-store.ts';

const schema = z.object({ name: z.string() });

async function setup() {
  const errors: string[] = [];
  const log = { ...silentLogger, error: (_: object, message: string) => void errors.push(message) };
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'h1', log });
  const stream = controlStream(node.subjects.cell, 'things');
  await node.storage.log.ensure({ name: stream, subjects: [node.subjects.control('things', '>')] });
  const store = new RecordStore(node, {
    group: 'things',
    name: 'thing',
    decode: (subject, payload) => decodeRecord(subject, payload, schema),
  });
  const write = (slot: number, payload: Uint8Array) =>
    node.storage.log.append(stream, { subject: store.subjectOf(slot), payload });
  return { store, write, errors };
}

it('reads the newest record of each slot', async () => {
  const { store, write } = await setup();
  await write(0, encodeRecord({ name: 'old' }));
  await write(0, encodeRecord({ name: 'new' }));
  await write(1, encodeRecord({ name: 'other' }));
  expect(await store.readAll()).toEqual([{ name: 'new' }, { name: 'other' }]);
  expect(await store.read(0)).toEqual({ name: 'new' });
  expect(await store.read(9)).toBeUndefined();
});

it.each([
  ['no JSON', new TextEncoder().encode('{')],
  ['another form', encodeRecord({ title: 'x' })],
])(
  'skips a record with %s among all and logs its subject, and refuses to read it alone',
  async (_, payload) => {
    const { store, write, errors } = await setup();
    await write(0, payload);
    await write(1, encodeRecord({ name: 'good' }));
    expect(await store.readAll()).toEqual([{ name: 'good' }]);
    expect(errors).toEqual([expect.stringContaining(store.subjectOf(0))]);
    await expect(store.read(0)).rejects.toMatchObject({ code: 'record-unreadable' });
  },
);
