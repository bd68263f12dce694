import { fileURLToPath } from 'node:url';
import {
  type ChannelCredentials,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { createTestKeys } from '../testing/key-setup.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';
import { createTlsSetup } from '../testing/tls-setup.ts';
import { until } from '../testing/until.ts';

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url));
const files = createTlsSetup();
const { authority, paths, replace } = files;
const ca = Buffer.from(authority.cert);
const client = authority.issue({ commonName: 'ci', usage: 'client' });
const shown = [Buffer.from(client.key), Buffer.from(client.cert)] as const;

afterAll(() => files[Symbol.dispose]());

/** Asks for the nodes on a connection of its own. Resolves with their number, or rejects with the error. */
async function nodesAt(address = '', channel: ChannelCredentials): Promise<number> {
  const definition = loadSync('drover/v1/node.proto', { includeDirs: [protoFolder], defaults: true });
  const { drover } = loadPackageDefinition(definition) as unknown as {
    drover: { v1: { NodeService: ServiceClientConstructor } };
  };
  const service = new drover.v1.NodeService(address, channel, { 'grpc.use_local_subchannel_pool': 1 });
  onTestFinished(() => service.close());
  type List = (
    request: object,
    metadata: Metadata,
    options: object,
    done: (error: ServiceError | null, response: { nodes: unknown[] }) => void,
  ) => void;
  const options = { deadline: Date.now() + 10_000 };
  return new Promise((resolve, reject) => {
    (service as unknown as { ListNodes: List }).ListNodes({}, new Metadata(), options, (error, response) =>
      error ? reject(error) : resolve(response.nodes.length),
    );
  });
}

it('serves gRPC over TLS, and refuses a client without a certificate', async () => {
  await using gateway = await startScriptedGateway({ ...paths, grpcPort: 0 });
  const address = gateway.gateway.grpcAddress;
  expect(await nodesAt(address, credentials.createSsl(ca, ...shown))).toBeGreaterThan(0);
  await expect(nodesAt(address, credentials.createSsl(ca))).rejects.toMatchObject({ code: 14 });
  await expect(nodesAt(address, credentials.createInsecure())).rejects.toMatchObject({ code: 14 });
});

it('knows a client by its certificate as the key with that name', async () => {
  const test = await createTestKeys({ ci: { roles: ['viewer'] }, admin: { roles: ['admin'] } });
  await using gateway = await startScriptedGateway({ ...paths, grpcPort: 0, keys: test.keys });
  const address = gateway.gateway.grpcAddress;
  expect(await nodesAt(address, credentials.createSsl(ca, ...shown))).toBeGreaterThan(0);
  const stranger = authority.issue({ commonName: 'stranger', usage: 'client' });
  const other = credentials.createSsl(ca, Buffer.from(stranger.key), Buffer.from(stranger.cert));
  await expect(nodesAt(address, other)).rejects.toMatchObject({ code: 16 });
  test.close();
});

it('gives a changed certificate to new connections', async () => {
  const { tlsCert, tlsKey } = paths;
  await using gateway = await startScriptedGateway({ tlsCert, tlsKey, grpcPort: 0 });
  const next = createTlsSetup();
  onTestFinished(() => next[Symbol.dispose]());
  replace(next.issued);
  const knowsNext = credentials.createSsl(Buffer.from(next.authority.cert));
  await until(
    () =>
      nodesAt(gateway.gateway.grpcAddress, knowsNext).then(
        () => true,
        () => false,
      ),
    'the changed certificate',
  );
});
