import { RequestError } from '../errors.ts';

/** The error that an answer carries, in the form of Drover's own routes or of Ollama's. */
export async function readFailure(response: Response): Promise<RequestError> {
  const { status, headers } = response;
  const { code, message, field, requestId } = readBody(await response.text().catch(() => ''), status);
  const shouldRetry = headers.get('x-should-retry');
  return new RequestError({
    status,
    code,
    message,
    field,
    requestId: requestId ?? headers.get('x-drover-request-id') ?? undefined,
    retryAfterMs: readRetryAfter(headers),
    shouldRetry: shouldRetry === null ? undefined : shouldRetry !== 'false',
  });
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly requestId?: string;
}

function readBody(text: string, status: number): Failure {
  const plain = { code: `http-${status}`, message: text.slice(0, 500) };
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === 'string') return { ...plain, message: error };
    if (typeof error === 'object' && error !== null && 'code' in error) return error as Failure;
  } catch {
    // No JSON: a proxy answered.
  }
  return plain;
}

function readRetryAfter(headers: Headers): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (exact >= 0) return exact;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}
