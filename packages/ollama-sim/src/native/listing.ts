import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../http/reply.ts';
import { detailsOf } from '../model/details.ts';
import type { Runner } from '../runner/runner.ts';
import type { Services } from '../services.ts';
import { LONGEST_MS } from '../wire/duration.ts';
import { goTime } from '../wire/go-text.ts';

/** Version whose behaviour is simulated. */
const VERSION = '0.33.0-rc2';
/**
 * Version that `/api/version` states instead of `VERSION`, so that no client mistakes the simulator for a real Ollama.
 */
const SIM_VERSION = '0.33.0-sim';

export function versionOf(services: Services): string {
  return services.config.plainVersion ? VERSION : SIM_VERSION;
}

/** GET /api/version */
export function version(exchange: Exchange, services: Services): void {
  sendJson(exchange, { version: versionOf(services) });
}

/** GET /api/tags */
export function tags(exchange: Exchange, services: Services): void {
  const models = services.modelStore.list().map((model) => ({
    name: model.name,
    model: model.name,
    modified_at: goTime(model.modifiedAtMs),
    size: model.sizeBytes,
    digest: model.digest,
    details: {
      ...detailsOf(model),
      context_length: model.contextLength,
      embedding_length: model.embeddingLength,
    },
    capabilities: model.capabilities,
  }));
  sendJson(exchange, { models });
}

/** GET /api/ps: lists dead runners but no loading models, and waits for a silent runner. */
export async function ps(exchange: Exchange, services: Services): Promise<void> {
  await services.scheduler.unlocked();
  const wallMs = services.config.clock.wallMs();
  const runners = services.scheduler.runners().toSorted((a, b) => expiryOf(b, wallMs) - expiryOf(a, wallMs));
  sendJson(exchange, {
    models: runners.map((runner) => ({
      name: runner.model.name,
      model: runner.model.name,
      size: runner.sizeBytes,
      digest: runner.model.digest,
      details: detailsOf(runner.model),
      expires_at: goTime(expiryOf(runner, wallMs)),
      size_vram: runner.vramBytes,
      context_length: runner.options.numCtx,
    })),
  });
}

/**
 * Instant at which the runner expires. Until the runner has been idle for the first time, it is counted from now;
 * afterwards it is counted from the last instant at which the runner became idle.
 */
function expiryOf(runner: Runner, wallMs: number): number {
  const expiresAtMs = runner.expiresAtMs ?? wallMs + runner.keepAliveMs;
  return Number.isFinite(expiresAtMs) ? expiresAtMs : wallMs + LONGEST_MS;
}
