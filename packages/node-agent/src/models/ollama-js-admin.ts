import type { AdminJob, AdminStep, BlobAnswer } from '@drover/fleet';
import { Ollama, type ProgressResponse } from 'ollama';
import { Agent, fetch as undiciFetch } from 'undici';
import { HostHeader } from '../ollama/host-header.ts';
import type { OllamaAddress } from '../ollama/ollama-address.ts';
import type { AdminOutcome, OllamaAdmin } from './ollama-admin.ts';

type Fetch = typeof fetch;

/** Longest silence: Ollama verifies and quantises large files without a word. */
const silenceMs = 1_800_000;
/** Statuses of a proxy or of a busy Ollama. */
const transientStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
/** Text of the client where a stream ends before its last line. */
const brokenStreamText = 'Did not receive done or success response in stream.';

/** The admin routes of an Ollama, through the client package `ollama`. */
export function connectOllamaAdmin(address: OllamaAddress, connectMs: number): OllamaAdmin {
  const dispatcher = new Agent({
    connect: { timeout: connectMs },
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
  });
  const hostHeader = new HostHeader(address);
  const host = `${address.origin}${address.basePath}`;
  const askBlob = (init: RequestInit, digest: string, signal: AbortSignal): Promise<Response> =>
    fetchOf(address, hostHeader, dispatcher, signal)(`${host}/api/blobs/${digest}`, init);
  return {
    async perform(job, { signal, onStep }) {
      const client = new Ollama({
        host,
        fetch: fetchOf(address, hostHeader, dispatcher, signal),
      });
      try {
        await performWith(client, job, onStep);
        return { kind: 'done' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async hasBlob(digest, signal) {
      return blobAnswer(() => askBlob({ method: 'HEAD' }, digest, signal));
    },
    async putBlob(digest, parts, signal) {
      return blobAnswer(async () => {
        // Finds out which `Host` header this Ollama accepts: the parts can be sent once.
        await askBlob({ method: 'HEAD' }, digest, signal);
        return askBlob({ method: 'POST', body: parts as never, duplex: 'half' }, digest, signal);
      });
    },
    close: () => void dispatcher.destroy().catch(() => undefined),
  };
}

async function performWith(
  client: Ollama,
  { operation, model, request }: Pick<AdminJob, 'operation' | 'model' | 'request'>,
  onStep: (step: AdminStep) => void,
): Promise<void> {
  const streamed = { ...request, model, stream: true } as const;
  switch (operation) {
    case 'pull':
      return readSteps(await client.pull(streamed), onStep);
    case 'push':
      return readSteps(await client.push(streamed), onStep);
    case 'create':
      return readSteps(await client.create(streamed), onStep);
    case 'copy':
      await client.copy({ source: String(request['source']), destination: model });
      return;
    case 'delete':
      await client.delete({ model });
  }
}

async function readSteps(
  lines: AsyncIterable<ProgressResponse>,
  onStep: (step: AdminStep) => void,
): Promise<void> {
  for await (const { status, digest, total, completed } of lines)
    if (status !== 'success')
      onStep({
        status,
        ...(digest !== undefined && { digest }),
        ...(total !== undefined && { total }),
        ...(completed !== undefined && { completed }),
      });
}

async function blobAnswer(ask: () => Promise<Response>): Promise<BlobAnswer> {
  try {
    const answer = await ask();
    const { status } = answer;
    const error = errorIn(await answer.text());
    return error === undefined ? { status } : { status, error };
  } catch {
    return { status: 502, error: 'the connection to Ollama broke' };
  }
}

/** The text of an error answer of Ollama. */
function errorIn(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { readonly error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

/** Sends requests with the headers that this Ollama, or the proxy in front of it, wants. */
function fetchOf(
  { authorization }: OllamaAddress,
  hostHeader: HostHeader,
  dispatcher: Agent,
  signal: AbortSignal,
): Fetch {
  const send = (input: Parameters<Fetch>[0], init: RequestInit | undefined, host: string) =>
    undiciFetch(input as string, {
      ...(init as object),
      headers: {
        ...(init?.headers as Record<string, string>),
        host,
        ...(authorization !== undefined && { authorization }),
      },
      signal: init?.signal ? AbortSignal.any([signal, init.signal]) : signal,
      dispatcher,
    }) as unknown as Promise<Response>;
  return async (input, init) => {
    const { value, other } = hostHeader;
    const answer = await send(input, init, value);
    if (!isRefused(answer)) return answer;
    const second = await send(input, init, other);
    if (!isRefused(second)) hostHeader.keep(other);
    return second;
  };
}

/** Ollama refuses a `Host` it does not know with 403, an empty body and no content type. */
function isRefused({ status, headers }: Response): boolean {
  return status === 403 && headers.get('content-type') === null;
}

/** The client throws its own error for a status, a plain one for an error line, and those of `fetch`. */
function outcomeOf(error: unknown): AdminOutcome {
  if (!(error instanceof Error)) return { kind: 'lost', reason: String(error) };
  if ('status_code' in error && typeof error.status_code === 'number') {
    const status = error.status_code;
    if (transientStatuses.has(status)) return { kind: 'lost', reason: `Ollama answered status ${status}` };
    return { kind: 'failed', error: error.message, status };
  }
  const isLine = error.constructor === Error && error.message !== brokenStreamText;
  return isLine
    ? { kind: 'failed', error: error.message }
    : { kind: 'lost', reason: 'the connection to Ollama broke' };
}
