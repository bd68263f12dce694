import type { ModelListing, InstanceEvidence } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { GatewayServices } from '../services.ts';
import { lowestVersion } from './lowest-version.ts';

/**
 * The models and loaded models of every ready Ollama.
 *
 * @param options `fresh`: each Ollama is asked now, instead of its node-agent answering from its last listing
 * @throws RequestFailure 503 if no Ollama is ready or none answers in time: an empty list would mean "no models"
 */
export async function readListings(
  services: GatewayServices,
  { fresh = false }: { readonly fresh?: boolean } = {},
): Promise<readonly ModelListing[]> {
  if (readyInstances(services).length === 0) throw noHost();
  const listings = await services.fleet.describe({ timeoutMs: services.config.describeTimeoutMs, fresh });
  if (listings.length === 0) throw noAnswer();
  return listings;
}

/**
 * The lowest version of the ready Ollamas. The version of a simulated Ollama is marked as simulated.
 *
 * @throws RequestFailure 503 if no Ollama is ready
 */
export function fleetVersion(services: GatewayServices): string {
  const version = lowestVersion(readyInstances(services).map(({ load }) => load.version));
  if (version === undefined) throw noHost();
  return version;
}

/** Adds `x-drover-simulated` to an answer about the fleet if one of its Ollamas is simulated. */
export function markSimulated(services: GatewayServices, exchange: Exchange): void {
  if (services.fleet.load.instances().some(({ load }) => load.simulated))
    exchange.setHeader('x-drover-simulated', '1');
}

function readyInstances(services: GatewayServices): readonly InstanceEvidence[] {
  return services.fleet.load.instances().filter(({ alive, load }) => alive && load.state === 'ready');
}

function noHost(): RequestFailure {
  const message = 'no Ollama host is ready: start one, or wait for it to come back';
  return new RequestFailure(503, 'no-host', message, { retryAfterMs: 2_000 });
}

function noAnswer(): RequestFailure {
  const message = 'no Ollama host answered with its models in time';
  return new RequestFailure(503, 'no-host', message, { retryAfterMs: 1_000 });
}
