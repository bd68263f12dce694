import { systemClock } from '@drover/actor-core';
import { createTestHub, createTestNode, type TestNode } from '@drover/actor-core/testing';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts';
import { noAgents } from './no-agents.ts';
import { type ScriptedFleet, scriptedFleet } from './scripted-fleet.ts';

export interface ScriptedGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly fleet: ScriptedFleet;
  readonly node: TestNode;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A gateway on a real port over a fleet that the test plays. Ends with the scope it is declared in (`await using`). */
export async function startScriptedGateway(options: Partial<GatewayOptions> = {}): Promise<ScriptedGateway> {
  const node = createTestNode(createTestHub({ clock: systemClock }), { nodeId: 'gw', roles: ['gateway'] });
  const fleet = scriptedFleet();
  const gateway = await startGateway(node, { port: 0, agents: noAgents, fleet, ...options });
  return {
    gateway,
    url: gateway.url,
    fleet,
    node,
    post: (path, body, init) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return fetch(gateway.url + path, { method: 'POST', body: text, ...init });
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await gateway.stop({ drainTimeoutMs: 0 });
      await node.leave();
    },
  };
}
