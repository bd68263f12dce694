import {
  type AdminJob,
  type AdminTarget,
  type InstanceEvidence,
  isModel,
  isOver,
  modelKey,
} from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { GatewayServices } from '../services.ts';

/** Largest number of hosts that one request may name. */
const maxNamed = 1_000;

/**
 * The hosts that a request names, by `?host=` or the header `x-drover-host`: a node, or one Ollama of it as
 * `node/instance`, several of them with commas. Empty: none is named.
 */
export function namedHosts(exchange: Exchange): readonly string[] {
  const given = [
    ...new URLSearchParams(exchange.query).getAll('host'),
    exchange.header('x-drover-host') ?? '',
  ];
  const names = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  const hosts = [...new Set(names.filter((name) => name !== ''))];
  if (hosts.length > maxNamed)
    throw new RequestFailure(400, 'invalid-input', `host: at most ${maxNamed} can be named`, {
      field: 'host',
    });
  return hosts;
}

/**
 * The named Ollamas, whatever their state; without names all that are ready.
 *
 * @throws RequestFailure 404 for a name that no node-agent has reported; 503 if no Ollama is ready
 */
export function chooseTargets(
  services: GatewayServices,
  named: readonly string[],
): readonly InstanceEvidence[] {
  const known = services.fleet.load.instances();
  if (named.length > 0) return namedIn(known, named);
  const ready = known.filter(({ alive, load }) => alive && load.state === 'ready');
  if (ready.length > 0) return ready;
  const message = 'no Ollama host is ready: start one, or wait for it to come back';
  throw new RequestFailure(503, 'no-host', message, { retryAfterMs: 2_000 });
}

function namedIn(known: readonly InstanceEvidence[], named: readonly string[]): readonly InstanceEvidence[] {
  for (const name of named)
    if (!known.some((one) => isNamed(one, name)))
      throw new RequestFailure(404, 'host-not-found', `the fleet has no host '${name}'`, { field: 'host' });
  return known.filter((one) => named.some((name) => isNamed(one, name)));
}

function isNamed({ node, load }: InstanceEvidence, name: string): boolean {
  return name === node || name === `${node}/${load.name}`;
}

/** Those that list the model. */
export function havingModel(
  instances: readonly InstanceEvidence[],
  model: string,
): readonly InstanceEvidence[] {
  const key = modelKey(model);
  return instances.filter(({ load }) => load.models.some(({ name }) => isModel(name, key)));
}

/** The one with the fewest requests. */
export function leastBusy(instances: readonly InstanceEvidence[]): readonly InstanceEvidence[] {
  return instances.toSorted((a, b) => requestsOf(a) - requestsOf(b)).slice(0, 1);
}

function requestsOf({ load: { busy, queued } }: InstanceEvidence): number {
  return busy + queued;
}

/**
 * The hosts and those where a job of the same kind is under way: who asks again for what was asked before follows all
 * of it, also at a host that is away now.
 */
export function withUnderWay(
  targets: readonly AdminTarget[],
  jobs: readonly AdminJob[],
  { operation, model }: Pick<AdminJob, 'operation' | 'model'>,
): readonly AdminTarget[] {
  const key = modelKey(model);
  const others = jobs.filter(
    (job) =>
      !isOver(job) &&
      job.operation === operation &&
      modelKey(job.model) === key &&
      !targets.some(({ node, instance }) => node === job.node && instance === job.instance),
  );
  return [...targets, ...others.map(({ node, instance }) => ({ node, instance }))];
}

export function targetOf({ node, load }: InstanceEvidence): AdminTarget {
  return { node, instance: load.name };
}
