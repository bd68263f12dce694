import type { OllamaUrl } from './ollama-address.ts';

/** What answered at an address. */
export type ProbeResult =
  | {
      readonly kind: 'ollama';
      readonly url: OllamaUrl;
      readonly version: string;
      readonly simulated: boolean;
      readonly models: readonly string[];
    }
  /** A gateway of Drover: using it as a host would send requests round in circles. */
  | { readonly kind: 'drover'; readonly url: OllamaUrl }
  /** Something else, or nothing; `detail` is a clause. */
  | { readonly kind: 'not-ollama' | 'silent'; readonly url: OllamaUrl; readonly detail: string };

const maxAnswerBytes = 4_000_000;

/** Asks an address who it is. Never loads a model; takes at most `timeoutMs`. */
export async function probeOllama(url: OllamaUrl, timeoutMs: number): Promise<ProbeResult> {
  const signal = AbortSignal.timeout(timeoutMs);
  let simulated: boolean;
  let version: string;
  try {
    const response = await fetch(`${url}/api/version`, { signal, redirect: 'manual' });
    if (response.headers.has('x-drover-gateway')) return { kind: 'drover', url };
    simulated = response.headers.get('x-drover-simulated') === '1';
    const body = await readJson(response);
    if (!response.ok || typeof body?.['version'] !== 'string') {
      const type = response.headers.get('content-type')?.split(';')[0] ?? 'nothing';
      return {
        kind: 'not-ollama',
        url,
        detail: `it answers ${response.status} with ${type}, not as an Ollama`,
      };
    }
    version = body['version'];
  } catch (error) {
    return { kind: 'silent', url, detail: describe(error, timeoutMs) };
  }
  return { kind: 'ollama', url, version, simulated, models: await listModels(url, signal) };
}

async function listModels(url: OllamaUrl, signal: AbortSignal): Promise<string[]> {
  try {
    const body = await readJson(await fetch(`${url}/api/tags`, { signal, redirect: 'manual' }));
    const models = body?.['models'];
    if (!Array.isArray(models)) return [];
    return models
      .map((model: { name?: unknown }) => model.name)
      .filter((name): name is string => typeof name === 'string');
  } catch {
    // It said who it is; the node-agent finds out about its models.
    return [];
  }
}

async function readJson(response: Response): Promise<Record<string, unknown> | undefined> {
  const text = await response.text();
  if (text.length > maxAnswerBytes) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function describe(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ENOTFOUND') return 'the name is unknown';
  return cause instanceof Error ? cause.message || (code ?? error.message) : error.message;
}
