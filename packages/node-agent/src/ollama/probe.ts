import { modelListingSchema, type OllamaRunning, type OllamaTag } from '@drover/fleet';
import { UpstreamError } from '../errors.ts';
import type { Listing } from './listing.ts';
import type { Ollama, Reply } from './ollama.ts';

/** `silent`: no answer in time · `refused`: no connection · `nonsense`: another program answers at this address. */
export type ProbeOutcome =
  | { readonly kind: 'good'; readonly listing: Listing; readonly simulated: boolean }
  | { readonly kind: 'silent' | 'refused' | 'nonsense'; readonly reason: string };

/** Headers that only a Drover gateway sends. */
const gatewayHeaders = ['x-drover-gateway', 'x-drover-node'];

/**
 * Reads the version of an Ollama, its models and the loaded models. Never loads a model. `ps` can hang for half a
 * minute behind a frozen runner, so a missing answer of `ps` alone is not a fault.
 */
export async function probeOllama(ollama: Ollama, timeoutMs: number): Promise<ProbeOutcome> {
  const [version, tags, running] = await Promise.allSettled([
    ollama.ask('GET', '/api/version', { timeoutMs }),
    ollama.ask('GET', '/api/tags', { timeoutMs }),
    ollama.ask('GET', '/api/ps', { timeoutMs }),
  ]);
  if (version.status === 'rejected') return failed(version.reason);
  if (gatewayHeaders.some((name) => version.value.headers[name] !== undefined)) {
    return {
      kind: 'nonsense',
      reason: 'this address is a Drover gateway, not an Ollama; give the address of an Ollama',
    };
  }
  if (tags.status === 'rejected') return failed(tags.reason);
  return readListing(version.value, tags.value, running.status === 'fulfilled' ? running.value : undefined);
}

function readListing(versionReply: Reply, tagsReply: Reply, psReply: Reply | undefined): ProbeOutcome {
  const version = field(versionReply, 'version');
  if (typeof version !== 'string') return nonsense('/api/version', versionReply);
  const tags = listOf(tagsReply, 'tags');
  if (tags === undefined) return nonsense('/api/tags', tagsReply);
  const running = psReply === undefined ? undefined : listOf(psReply, 'running');
  const simulated = versionReply.headers['x-drover-simulated'] !== undefined || /sim/i.test(version);
  return {
    kind: 'good',
    listing: {
      version,
      tags: tags as readonly OllamaTag[],
      running: running as readonly OllamaRunning[] | undefined,
    },
    simulated,
  };
}

/** The loaded models, from `ps`; undefined when `ps` does not answer in time, or with a wrong shape. */
export async function askRunning(
  ollama: Ollama,
  timeoutMs: number,
): Promise<readonly OllamaRunning[] | undefined> {
  try {
    return listOf(await ollama.ask('GET', '/api/ps', { timeoutMs }), 'running') as
      | readonly OllamaRunning[]
      | undefined;
  } catch (cause) {
    if (cause instanceof UpstreamError) return undefined;
    throw cause;
  }
}

/** The entries of a `{"models":[…]}` answer, unchanged; undefined if they lack the fields that we need. */
function listOf(reply: Reply, shape: 'tags' | 'running'): readonly unknown[] | undefined {
  const models = field(reply, 'models') ?? [];
  const probe = { instance: '', version: '', tags: [], running: [], [shape]: models };
  return reply.status === 200 && modelListingSchema.safeParse(probe).success
    ? (models as unknown[])
    : undefined;
}

function field(reply: Reply, name: string): unknown {
  if (reply.status !== 200) return undefined;
  try {
    const value: unknown = JSON.parse(reply.body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function nonsense(path: string, reply: Reply): ProbeOutcome {
  const type = reply.headers['content-type'] ?? 'no content type';
  return {
    kind: 'nonsense',
    reason: `${path} answered status ${reply.status} (${String(type)}), which is not Ollama's answer`,
  };
}

function failed(cause: unknown): ProbeOutcome {
  if (!(cause instanceof UpstreamError)) throw cause;
  const kind = cause.code === 'refused' ? 'refused' : cause.code === 'garbled' ? 'nonsense' : 'silent';
  return { kind, reason: cause.message };
}
