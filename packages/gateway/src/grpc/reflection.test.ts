import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  status,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { expect, it } from 'vitest';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

/** A client that knows nothing of Drover but the address: it learns every service by reflection, and calls it. */

const reflectionProto = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/reflection')),
  '../proto/grpc/reflection/v1/reflection.proto',
);

interface Answer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}

/** Asks one question of the reflection service. */
async function reflect(address: string, question: object): Promise<Answer> {
  const loaded = loadPackageDefinition(loadSync(reflectionProto, { oneofs: true }));
  const Reflection = find(loaded, 'grpc.reflection.v1.ServerReflection');
  const client = new Reflection(address, credentials.createInsecure());
  const call = client.makeBidiStreamRequest<object, Answer>(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    Reflection.service['ServerReflectionInfo']?.requestSerialize ?? fail,
    Reflection.service['ServerReflectionInfo']?.responseDeserialize ?? fail,
    new Metadata(),
  );
  call.write(question);
  call.end();
  let answer: Answer = {};
  for await (const one of call) answer = one as Answer;
  client.close();
  return answer;
}

function fail(): never {
  throw new Error('the reflection service has no such method');
}

function find(loaded: GrpcObject, name: string): ServiceClientConstructor {
  let found: unknown = loaded;
  for (const part of name.split('.')) found = (found as GrpcObject)[part];
  return found as ServiceClientConstructor;
}

/** The set of these files, as protobuf encodes it: field 1, repeated. */
function setOf(files: readonly Buffer[]): Buffer {
  const parts = files.flatMap((file) => {
    const length: number[] = [];
    let rest = file.length;
    for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    return [Buffer.from([10, ...length, rest]), file];
  });
  return Buffer.concat(parts);
}

it('lets a client list and call every service by reflection alone', async () => {
  await using setup = await startScriptedGateway({ grpcPort: 0 });
  const address = setup.gateway.grpcAddress ?? '';
  const listed = await reflect(address, { listServices: '*' });
  const names = (listed.listServicesResponse?.service ?? []).map(({ name }) => name);
  const own = names.filter((name) => name.startsWith('drover.v1.'));
  expect(own.map((name) => name.replace('drover.v1.', '')).toSorted()).toEqual([
    'AdminService',
    'AgentService',
    'InferenceService',
    'MemoryService',
    'ModelService',
    'NodeService',
    'QueueService',
  ]);
  const codes: number[] = [];
  for (const name of own) {
    const { fileDescriptorResponse } = await reflect(address, { fileContainingSymbol: name });
    const files = setOf(fileDescriptorResponse?.fileDescriptorProto ?? []);
    const Service = find(loadPackageDefinition(loadFileDescriptorSetFromBuffer(files)), name);
    const client = new Service(address, credentials.createInsecure());
    for (const { path, requestSerialize, responseDeserialize } of Object.values(Service.service)) {
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        {},
        { deadline: Date.now() + 20_000 },
      );
      codes.push(
        await new Promise<number>((resolve) => {
          call.on('data', () => call.cancel());
          call.on('error', () => undefined);
          call.on('status', ({ code }) => resolve(code));
        }),
      );
    }
    client.close();
  }
  // Every method exists: it answers, or says what is wrong with an empty request.
  expect(codes.length).toBeGreaterThan(30);
  expect(codes).not.toContain(status.UNIMPLEMENTED);
  expect(codes).not.toContain(status.DEADLINE_EXCEEDED);
});
