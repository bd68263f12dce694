import { type AdminJob, isOver } from '@drover/fleet';

/** One job of a request, as its gateway sees it. */
export interface SeenJob {
  readonly submitted: AdminJob;
  /** Undefined: it was cancelled. */
  readonly now: AdminJob | undefined;
  /** Its host does not answer, so that nobody knows when it goes on. */
  readonly isAway: boolean;
}

/** `failed`: `status` is that of Ollama's own answer where it answered before its first line. */
export type AdminVerdict =
  | { readonly kind: 'under-way' }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: string; readonly status: number | undefined };

/**
 * What the client is told about all jobs together. Hosts that fail in the same way are told as one, in Ollama's own
 * words; else the text names each host with its fault.
 */
export function decideVerdict(jobs: readonly SeenJob[]): AdminVerdict {
  if (jobs.some(({ now, isAway }) => now !== undefined && !isOver(now) && !isAway))
    return { kind: 'under-way' };
  const faults = jobs.flatMap((job) => {
    const error = faultOf(job);
    return error === undefined ? [] : [{ node: job.submitted.node, error, status: job.now?.errorStatus }];
  });
  const [first] = faults;
  if (first === undefined) return { kind: 'done' };
  const isShared =
    faults.length === jobs.length &&
    faults.every(({ error, status }) => error === first.error && status === first.status);
  if (isShared) return { kind: 'failed', error: first.error, status: first.status };
  const listed = faults.map(({ node, error }) => `${node}: ${error}`).join('; ');
  const error = `${faults.length} of ${jobs.length} hosts failed: ${listed}`;
  return { kind: 'failed', error, status: undefined };
}

function faultOf({ now, isAway }: SeenJob): string | undefined {
  if (now === undefined) return 'the job was cancelled';
  if (now.state === 'failed') return now.error ?? 'unknown error';
  if (!isOver(now) && isAway) return 'the host does not answer; its job goes on when it is back';
  return undefined;
}
