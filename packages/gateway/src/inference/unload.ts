import { type FleetRequest, isModel, modelKey } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import type { GatewayServices } from '../services.ts';

type Target = NonNullable<FleetRequest['instance']>;

/**
 * Unloads a model from all instances that have it loaded except one, and returns that instance: the caller sends it the
 * client's request and passes on its answer. Each Ollama is asked now for its loaded models, because a load report may
 * be older than the `/api/ps` answer that the client has seen. Empty if no instance has the model loaded: the policy
 * then chooses an instance.
 *
 * @throws FleetError if an instance could not be reached: the model may still be loaded there
 * @throws RequestFailure if an instance refused
 */
export async function unloadOthers(
  services: GatewayServices,
  request: FleetRequest,
  signal: AbortSignal,
): Promise<{ readonly instance?: Target }> {
  const [instance, ...others] = await instancesWith(services, modelKey(request.model));
  await Promise.all(others.map((other) => unload(services, { ...request, instance: other }, signal)));
  return instance === undefined ? {} : { instance };
}

async function unload(services: GatewayServices, request: FleetRequest, signal: AbortSignal): Promise<void> {
  const call = services.fleet.run(request, signal);
  const { status, node, instance, retryAfterMs = 0 } = await call.head;
  for await (const lines of call.lines) void lines;
  // 404: the host no longer has the model, so it is not loaded either.
  if (status < 400 || status === 404) return;
  const message = `${instance} on ${node} did not unload the model: it answered status ${status}`;
  const isBusy = status === 429 || status === 503;
  throw new RequestFailure(isBusy ? 503 : 502, 'bad-upstream', message, { retryAfterMs });
}

async function instancesWith(services: GatewayServices, key: string): Promise<Target[]> {
  const { fleet, config } = services;
  const found = new Map<string, Target>();
  const add = (node: string, instance: string): void =>
    void found.set(`${node}/${instance}`, { node, instance });
  const listings = await fleet.describe({ timeoutMs: config.describeTimeoutMs, fresh: true });
  for (const { node, instance, running } of listings) {
    if (running.some(({ name }) => modelKey(name) === key)) add(node, instance);
  }
  for (const { alive, node, load } of fleet.load.instances()) {
    if (!alive || load.state !== 'ready') continue;
    if (load.models.some(({ name, loaded }) => loaded && isModel(name, key))) add(node, load.name);
  }
  return [...found.values()];
}
