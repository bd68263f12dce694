import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { CommandError, exitCodes } from '../errors.ts';
import type { GatewayAddress } from './gateway-address.ts';
import { getJson, requestGateway } from './gateway-api.ts';

/** One line of a pull, as Ollama writes it. */
export interface PullLine {
  readonly status?: string | undefined;
  readonly digest?: string | undefined;
  readonly total?: number | undefined;
  readonly completed?: number | undefined;
  readonly error?: string | undefined;
}

/** What became of a job at one host. */
export interface JobItem {
  readonly id: string;
  readonly operation: string;
  readonly model: string;
  readonly node: string;
  readonly instance: string;
  readonly state: string;
  readonly attempts: number;
  readonly completedBytes: number;
  readonly totalBytes: number;
  readonly error?: string | undefined;
}

const lineSchema: z.ZodType<PullLine> = z.object({
  status: z.string().optional(),
  digest: z.string().optional(),
  total: z.number().optional(),
  completed: z.number().optional(),
  error: z.string().optional(),
});
const jobsSchema: z.ZodType<{ jobs: readonly JobItem[] }> = z.object({
  jobs: z.array(
    z.object({
      id: z.string(),
      operation: z.string(),
      model: z.string(),
      node: z.string(),
      instance: z.string(),
      state: z.string(),
      attempts: z.number(),
      completedBytes: z.number(),
      totalBytes: z.number(),
      error: z.string().optional(),
    }),
  ),
});

/** Pulls a model at the hosts, at all without names, and reports each line. @throws CommandError */
export async function pullModel(
  gateway: GatewayAddress,
  model: string,
  hosts: readonly string[],
  onLine: (line: PullLine) => void,
): Promise<void> {
  const query = hosts.map((host) => `host=${encodeURIComponent(host)}`).join('&');
  const response = await requestGateway(gateway, `/api/pull${query === '' ? '' : `?${query}`}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model }),
  });
  let ended = false;
  const lines = createInterface({ input: Readable.fromWeb(response.body as never) });
  for await (const text of lines) {
    const line = readLine(text);
    if (line === undefined) continue;
    onLine(line);
    ended ||= line.status === 'success' || line.error !== undefined;
  }
  if (!ended)
    throw new CommandError(
      'gateway-unreachable',
      exitCodes.missing,
      `the gateway ended before the pull of ${model}; the jobs go on`,
      { fix: 'run the command again: it joins the jobs that are under way' },
    );
}

/** The newest jobs of an operation on a model. @throws CommandError */
export async function jobsOf(
  gateway: GatewayAddress,
  operation: string,
  model: string,
): Promise<readonly JobItem[]> {
  const read = jobsSchema.safeParse(await getJson(gateway, '/api/v1/admin-jobs'));
  return read.success
    ? read.data.jobs.filter((job) => job.operation === operation && job.model === model)
    : [];
}

function readLine(text: string): PullLine | undefined {
  try {
    const read = lineSchema.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
