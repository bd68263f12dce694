import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import type { Clock, Logger } from '@drover/actor-core';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { ListenError } from '../errors.ts';
import type { RequestHandler, TlsOptions } from '../http/http-server.ts';
import { InnerHttp } from './inner-http.ts';
import { listenSecure } from './listen-secure.ts';
import type { RpcTable } from './rpc.ts';
import { serveRpcs } from './serve-rpcs.ts';
import { adminRpcs } from './services/admin-rpcs.ts';
import { agentRpcs } from './services/agent-rpcs.ts';
import { inferenceRpcs } from './services/inference-rpcs.ts';
import { memoryRpcs } from './services/memory-rpcs.ts';
import { modelRpcs } from './services/model-rpcs.ts';
import { nodeRpcs } from './services/node-rpcs.ts';
import { queueRpcs } from './services/queue-rpcs.ts';

const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url));
const files = ['admin', 'agent', 'inference', 'memory', 'model', 'node', 'queue'];

const tables: Readonly<Record<string, RpcTable>> = {
  AdminService: adminRpcs,
  AgentService: agentRpcs,
  InferenceService: inferenceRpcs,
  MemoryService: memoryRpcs,
  ModelService: modelRpcs,
  NodeService: nodeRpcs,
  QueueService: queueRpcs,
};

export interface GrpcOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Serves a request to a route of the gateway. */
  readonly handler: RequestHandler;
  /** Undefined: gRPC is plain. */
  readonly tls: TlsOptions | undefined;
  readonly handshakeTimeoutMs: number;
  readonly clock: Clock;
  /** Largest message of a client, bytes. */
  readonly maxMessageBytes: number;
  readonly log: Logger;
}

/** `drover.v1`, health and reflection. */
export interface GrpcServer {
  /** `127.0.0.1:50051`. */
  readonly address: string;
  /** Health is `NOT_SERVING` from now on. Running calls go on. */
  refuseNew(): void;
  /** Ends what still runs. */
  close(): void;
}

/** @throws ListenError */
export async function startGrpcServer(options: GrpcOptions): Promise<GrpcServer> {
  const { host, port, handler, maxMessageBytes, log } = options;
  const definition = loadSync(
    files.map((name) => `drover/v1/${name}.proto`),
    { includeDirs: [protoFolder], longs: Number, enums: String, defaults: true, oneofs: true },
  );
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': -1,
  });
  const http = await InnerHttp.start(handler);
  const { drover } = loadPackageDefinition(definition) as unknown as {
    drover: { v1: Record<string, { service: ServiceDefinition }> };
  };
  for (const [name, table] of Object.entries(tables)) {
    const service = drover.v1[name]?.service ?? {};
    server.addService(service, serveRpcs(service, table, http, log));
  }
  const names = ['', ...Object.keys(tables).map((name) => `drover.v1.${name}`)];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  new ReflectionService(definition).addToServer(server);
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const secure = options.tls && (await listenSecure(server, { ...options, tls: options.tls }));
  const bound = secure?.port ?? (await bind(server, host, `${shownHost}:${port}`));
  return {
    address: `${shownHost}:${bound}`,
    refuseNew: () => {
      for (const name of names) health.setStatus(name, 'NOT_SERVING');
    },
    close: () => {
      secure?.close();
      server.forceShutdown();
      http.close();
    },
  };
}

function bind(server: Server, host: string, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new ListenError(host, Number(address.split(':').at(-1)), {
            message: error.message,
            code: codeOf(error),
          }),
        );
    });
  });
}

/** grpc-js tells the code of the operating system in words only. */
function codeOf({ message }: Error): string {
  return /EADDRINUSE/.test(message) ? 'EADDRINUSE' : 'ELISTEN';
}
