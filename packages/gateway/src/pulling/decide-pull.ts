import { createHash } from 'node:crypto';
import { type AdminJob, type AdminTarget, type InstanceEvidence, isOver, modelKey } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import { fitsPattern } from '../names/alias.ts';

/**
 * Whether a request may pull a model of this name. A pattern without `/` fits names of Ollama's own library alone: `*`
 * lets nobody pull from a registry of his choice. Pure.
 *
 * @param short the name as Ollama shows it
 */
export function isPullable(patterns: readonly string[], short: string): boolean {
  const isElsewhere = short.includes('/');
  return patterns.some((pattern) => pattern.includes('/') === isElsewhere && fitsPattern(pattern, short));
}

/** The pull of a model that is under way, of all jobs. */
export function pullUnderWay(jobs: readonly AdminJob[], model: string): AdminJob | undefined {
  const key = modelKey(model);
  return pullsUnderWay(jobs).find((job) => modelKey(job.model) === key);
}

export function pullsUnderWay(jobs: readonly AdminJob[]): readonly AdminJob[] {
  return jobs.filter((job) => job.operation === 'pull' && !isOver(job));
}

/**
 * The ready Ollama that pulls a model. Every gateway chooses the same one, so that two of them at the same moment begin
 * one job (rendezvous hashing). Undefined where none is ready. Pure.
 */
export function placePull(instances: readonly InstanceEvidence[], model: string): AdminTarget | undefined {
  const weighed = instances
    .filter(({ alive, load }) => alive && load.state === 'ready')
    .map(({ node, load }) => ({
      target: { node, instance: load.name },
      weight: weightOf(model, node, load.name),
    }));
  return weighed.toSorted((a, b) => (a.weight < b.weight ? -1 : 1))[0]?.target;
}

function weightOf(model: string, node: string, instance: string): string {
  return createHash('sha256')
    .update(JSON.stringify([modelKey(model), node, instance]))
    .digest('hex');
}

/** Bytes of a model as far as its host has told them. */
export interface PulledBytes {
  readonly completed: number;
  readonly total: number;
}

export function bytesOf({ steps }: Pick<AdminJob, 'steps'>): PulledBytes {
  const sum = (field: 'completed' | 'total'): number =>
    steps.reduce((bytes, step) => bytes + (step[field] ?? 0), 0);
  return { completed: sum('completed'), total: sum('total') };
}

/** The answer to a request that does not wait for the pull any longer. */
export function stillPulling(
  model: string,
  job: Pick<AdminJob, 'steps' | 'state'> | undefined,
): RequestFailure {
  const { completed, total } = job === undefined ? { completed: 0, total: 0 } : bytesOf(job);
  const percent =
    total === 0 ? '' : `, ${Math.floor((100 * completed) / total)} % of ${megabytes(total)} MB are there`;
  return new RequestFailure(
    503,
    'model-pulling',
    `the model '${model}' is being pulled${percent}: ask again`,
    {
      retryAfterMs: retryPullMs,
      facts: { completedBytes: completed, totalBytes: total },
    },
  );
}

/** What Ollama says about a model that its registry does not have. */
const notThere = /file does not exist|not found|does not exist/i;

export function pullFailed(
  model: string,
  { error = 'unknown error' }: Pick<AdminJob, 'error'>,
): RequestFailure {
  return notThere.test(error)
    ? new RequestFailure(
        404,
        'model-not-found',
        `model '${model}' not found, and cannot be pulled: ${error}`,
        {
          field: 'model',
        },
      )
    : new RequestFailure(502, 'pull-failed', `the model '${model}' cannot be pulled: ${error}`);
}

export function pullTooLarge(model: string, total: number, maxBytes: number): RequestFailure {
  const message = `the model '${model}' has ${megabytes(total)} MB, and requests may pull at most ${megabytes(maxBytes)} MB (max-pull-size)`;
  return new RequestFailure(403, 'model-too-large', message, { field: 'model' });
}

export function tooManyPulls(model: string, maxPulls: number): RequestFailure {
  const message = `the model '${model}' is not there, and ${maxPulls} models are being pulled already: ask again`;
  return new RequestFailure(503, 'pulls-busy', message, { retryAfterMs: retryPullMs });
}

/** Clients that go by `retry-after` come back then. */
const retryPullMs = 5_000;

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}
