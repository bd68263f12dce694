import { InvalidArgumentError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../http/reply.ts';
import type { Routes } from '../router.ts';
import type { Services } from '../services.ts';
import { applyFault, type FaultRequest } from './apply-fault.ts';
import { stateOf } from './state.ts';

const PREFIX = '/sim/';

/** The routes of the simulator itself. Host rules, faults and counters do not apply to them. */
export const simRoutes: Routes = {
  '/sim/state': {
    GET: (exchange, services) => sendJson(exchange, stateOf(services)),
  },
  '/sim/fault': { POST: setFault },
};

export function isSimPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

async function setFault(exchange: Exchange, services: Services): Promise<void> {
  try {
    applyFault(JSON.parse(await exchange.body()) as FaultRequest, services);
    sendJson(exchange, { faults: services.faults.list() });
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) && !(error instanceof SyntaxError)) throw error;
    sendJson(exchange, { error: error.message }, 400);
  }
}
