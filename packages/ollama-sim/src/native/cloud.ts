import type { Exchange } from '../http/exchange.ts';
import { sendJson } from '../http/reply.ts';

/** GET /api/status: the cloud is off, as with OLLAMA_NO_CLOUD. */
export function status(exchange: Exchange): void {
  sendJson(exchange, { cloud: { disabled: true, source: 'env' } });
}

/** POST /api/me */
export function me(exchange: Exchange): void {
  sendJson(exchange, { error: 'account unavailable' }, 503);
}

/** POST /api/experimental/web_search */
export function webSearch(exchange: Exchange): void {
  sendJson(exchange, { error: 'ollama cloud is disabled: web search is unavailable' }, 403);
}

/** GET /api/experimental/model-recommendations: a part of the list that is built into the real server. */
export function recommendations(exchange: Exchange): void {
  sendJson(exchange, {
    recommendations: [
      {
        model: 'kimi-k2.6:cloud',
        description: 'State-of-the-art coding, long-horizon execution, and multimodal agent swarm capability',
        context_length: 262144,
        max_output_tokens: 262144,
      },
      { model: 'gemma4', description: 'Reasoning and code generation locally', vram_bytes: 12_000_000_000 },
    ],
  });
}
