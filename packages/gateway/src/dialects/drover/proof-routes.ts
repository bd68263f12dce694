import { AgentsError } from '@drover/agents';
import type { Exchange } from '../../http/exchange.ts';
import type { Handler, Route } from '../../http/route.ts';
import type { GatewayServices } from '../../services.ts';
import { droverJson } from './drover-reply.ts';
import { proveHost } from './prove-host.ts';
import { hostProofRequest } from './operations/service-operations.ts';
import { readJson } from './read-json.ts';

/** Longer than the 5 s for which the leader retries a write. */
const storeProofMs = 8_000;
const hostProofMs = 20_000;
const loadedHostProofMs = 120_000;

/**
 * Proofs for `drover doctor`, which perform an operation instead of reading a status: a fenced write by the leader, or
 * one token of a host. They have no effect on clients and do not count against the request limit.
 */
export function proofRoutes(services: GatewayServices): readonly Route[] {
  return [
    post('/api/v1/proofs/store', (exchange) => proveStore(services, exchange)),
    post('/api/v1/proofs/host', async (exchange) => {
      const target = await readJson(exchange, hostProofRequest, services.bodies);
      const timeoutMs = target.load ? loadedHostProofMs : hostProofMs;
      exchange.reply(droverJson(await proveHost(services, target, timeoutMs, exchange.signal)));
    }),
  ];
}

function post(path: string, handler: Handler): Route {
  return { methods: ['POST'], path, right: 'operate', counted: false, handler };
}

async function proveStore({ agents }: GatewayServices, exchange: Exchange): Promise<void> {
  try {
    exchange.reply(droverJson(await agents.proveStore({ timeoutMs: storeProofMs })));
  } catch (error) {
    if (!(error instanceof AgentsError)) throw error;
    exchange.reply(droverJson({ ok: false, code: error.code, message: error.message }));
  }
}
