import { fileURLToPath } from 'node:url';
import {
  type Client,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { expect, it } from 'vitest';
import { startStack } from '../testing/stack.ts';

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url));
/** A thousand with `DROVER_PROOF=full npx vitest run packages/gateway/src/grpc/grpc-streams.test.ts`. */
const isFull = process.env['DROVER_PROOF'] === 'full';
const streams = isFull ? 1_000 : 100;
const tokens = isFull ? 120 : 40;
const tokensPerSecond = isFull ? 4 : 8;

type Open = (request: object) => ReturnType<Client['makeServerStreamRequest']>;

/** Opens chats over one connection. */
function clientOf(address: string): { open: Open; close(): void } {
  const definition = loadSync('drover/v1/inference.proto', { includeDirs: [protoFolder] });
  const { drover } = loadPackageDefinition(definition) as unknown as {
    drover: { v1: Record<string, ServiceClientConstructor> };
  };
  const Service = drover.v1['InferenceService'] as ServiceClientConstructor;
  const client = new Service(address, credentials.createInsecure());
  const open = (client as unknown as Record<string, Open>)['Chat'] as Open;
  return { open: (request) => open.call(client, request), close: () => client.close() };
}

it(`serves ${streams} streams over one connection at the same time, each of them whole`, async () => {
  const sim = { slots: streams, tokensPerSecond, loadMs: 0 };
  const stack = await startStack({ sims: [sim], slots: streams, gateway: { grpcPort: 0 } });
  const client = clientOf(stack.gateway.grpcAddress ?? '');
  const request = {
    model: 'sim-count',
    messages: [{ role: 'user', content: 'count' }],
    optionsJson: JSON.stringify({ num_predict: tokens }),
  };
  const read = async (): Promise<string> => {
    let text = '';
    for await (const { message } of client.open(request) as AsyncIterable<{ message: { content: string } }>)
      text += message.content;
    return text;
  };
  const texts = await Promise.all(Array.from({ length: streams }, read));
  const whole = Array.from({ length: tokens }, (_, index) => index + 1).join(' ');
  expect(texts.filter((text) => text !== whole)).toEqual([]);
  expect(stack.sims[0]?.state().peakBusy).toBe(streams);
  client.close();
  await stack.end();
}, 120_000);
