import { systemClock } from '@drover/actor-core';
import { connectOllama, type Ollama, readOllamaAddress, type Reply, UpstreamError } from '@drover/node-agent';
import type { OllamaUrl } from './ollama-address.ts';

/** Kind of server that answered at an address. */
export type ProbeResult =
  | {
      readonly kind: 'ollama';
      readonly url: OllamaUrl;
      readonly version: string;
      readonly simulated: boolean;
      readonly models: readonly string[];
    }
  /** A Drover gateway. It cannot be a host, because it would send requests back to this fleet. */
  | { readonly kind: 'drover'; readonly url: OllamaUrl }
  /** Another server, or no answer; `detail` is the reason, as one clause. */
  | { readonly kind: 'not-ollama' | 'silent'; readonly url: OllamaUrl; readonly detail: string };

/** Finds out what kind of server answers at an address. Loads no model; takes at most twice `timeoutMs`. */
export async function probeOllama(url: OllamaUrl, timeoutMs: number): Promise<ProbeResult> {
  const address = readOllamaAddress(url);
  if (address === undefined) return { kind: 'silent', url, detail: 'this is no address of an Ollama' };
  const ollama = connectOllama(address, systemClock, { connectMs: timeoutMs, maxIdle: 1 });
  try {
    return await ask(ollama, url, timeoutMs);
  } finally {
    ollama.close();
  }
}

async function ask(ollama: Ollama, url: OllamaUrl, timeoutMs: number): Promise<ProbeResult> {
  let reply: Reply;
  try {
    reply = await ollama.ask('GET', '/api/version', { timeoutMs });
  } catch (error) {
    return { kind: 'silent', url, detail: describe(error) };
  }
  if (reply.headers['x-drover-gateway'] !== undefined) return { kind: 'drover', url };
  const version = readJson(reply)?.['version'];
  if (reply.status !== 200 || typeof version !== 'string') {
    const type = String(reply.headers['content-type'] ?? 'nothing').split(';')[0] ?? 'nothing';
    return { kind: 'not-ollama', url, detail: `it answers ${reply.status} with ${type}, not as an Ollama` };
  }
  const simulated = reply.headers['x-drover-simulated'] === '1';
  return { kind: 'ollama', url, version, simulated, models: await listModels(ollama, timeoutMs) };
}

async function listModels(ollama: Ollama, timeoutMs: number): Promise<string[]> {
  try {
    const models = readJson(await ollama.ask('GET', '/api/tags', { timeoutMs }))?.['models'];
    if (!Array.isArray(models)) return [];
    return models
      .map((model: { name?: unknown }) => model.name)
      .filter((name): name is string => typeof name === 'string');
  } catch (error) {
    // The server is an Ollama. Its node-agent will ask for the models again.
    if (error instanceof UpstreamError) return [];
    throw error;
  }
}

function readJson({ body }: Reply): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof UpstreamError)) throw error;
  const { cause, url, message } = error;
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND') return 'the name is unknown';
  return message.replace(`${url}: `, '');
}
