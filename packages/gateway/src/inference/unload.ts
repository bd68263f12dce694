import { type FleetRequest, isModel, modelKey } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import type { GatewayServices } from '../services.ts';

type Target = NonNullable<FleetRequest['instance']>;

/**
 * Unloads a model from all instances that have it loaded but one; returns that one, whose answer is the client's.
 * Each Ollama is asked now what it has loaded: a load report may be a moment behind what `/api/ps` told the client.
 * Empty where nobody has it loaded: the policy chooses then.
 *
 * @throws FleetError one of them could not be reached: the model may still be loaded there
 * @throws RequestFailure one of them refused
 */
export async function unloadOthers(
  services: GatewayServices,
  request: FleetRequest,
  signal: AbortSignal,
): Promise<{ readonly instance?: Target }> {
  const [instance, ...others] = await holdersOf(services, modelKey(request.model));
  await Promise.all(others.map((other) => unload(services, { ...request, instance: other }, signal)));
  return instance === undefined ? {} : { instance };
}

async function unload(services: GatewayServices, request: FleetRequest, signal: AbortSignal): Promise<void> {
  const call = services.fleet.run(request, signal);
  const { status, node, instance, retryAfterMs = 0 } = await call.head;
  for await (const lines of call.lines) void lines;
  // A host that does not know the model any more has it no longer loaded.
  if (status < 400 || status === 404) return;
  const message = `${instance} on ${node} did not unload the model: it answered status ${status}`;
  const isBusy = status === 429 || status === 503;
  throw new RequestFailure(isBusy ? 503 : 502, 'bad-upstream', message, { retryAfterMs });
}

async function holdersOf(services: GatewayServices, key: string): Promise<Target[]> {
  const { fleet, config } = services;
  const holders = new Map<string, Target>();
  const add = (node: string, instance: string): void =>
    void holders.set(`${node}/${instance}`, { node, instance });
  const catalogues = await fleet.describe({ timeoutMs: config.describeTimeoutMs, fresh: true });
  for (const { node, instance, running } of catalogues) {
    if (running.some(({ name }) => modelKey(name) === key)) add(node, instance);
  }
  for (const { alive, node, load } of fleet.load.instances()) {
    if (!alive || load.state !== 'ready') continue;
    if (load.models.some(({ name, loaded }) => loaded && isModel(name, key))) add(node, load.name);
  }
  return [...holders.values()];
}
