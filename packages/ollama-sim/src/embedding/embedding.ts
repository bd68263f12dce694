import { deferred } from '../deferred.ts';
import { ClientGoneError, OllamaError } from '../errors.ts';
import { can, type SimModel } from '../model/model.ts';
import { seededRandom, seedOfText } from '../text/random.ts';
import type { Lease } from '../runner/loaded-runners.ts';
import type { Services } from '../services.ts';
import { fixedSource } from '../text/sequence.ts';
import { resolveOptions } from '../wire/options.ts';

/** A request for embeddings, of any dialect. */
export interface EmbedCall {
  readonly modelName: string;
  readonly inputs: readonly string[];
  readonly truncate: boolean;
  /** Length of the vectors. Ignored unless it is between 1 and the length of the model. */
  readonly dimensions: number;
  readonly keepAliveMs: number | null;
  readonly options: unknown;
}

export interface EmbedResult {
  readonly vectors: readonly (readonly number[])[];
  readonly promptTokens: number;
  readonly totalMs: number;
  readonly loadMs: number;
}

/** Status with which a chat model refuses the request. The model is loaded before. */
export type NoEmbeddingsStatus = 500 | 501;
const NO_EMBEDDINGS = 'This server does not support embeddings. Start it with `--embeddings`';
export const INPUT_TOO_LONG = 'the input length exceeds the context length';

/**
 * Embeds the inputs one after the other in the only slot of the model.
 *
 * @throws OllamaError with the texts of `/api/embed`
 */
export async function embed(
  call: EmbedCall,
  services: Services,
  signal: AbortSignal,
  refusal: NoEmbeddingsStatus,
): Promise<EmbedResult> {
  const startMs = services.config.clock.nowMs();
  if (call.modelName === '') throw new OllamaError(404, "model '' not found");
  const model = services.modelStore.find(call.modelName);
  if (!model) throw new OllamaError(404, `model "${call.modelName}" not found, try pulling it first`);
  const options = resolveOptions(model.parameters, call.options);
  const lease = await services.inference.hold(model, options, null, call.keepAliveMs, signal);
  try {
    if (call.inputs.length === 0) return { vectors: [], promptTokens: 0, totalMs: 0, loadMs: lease.loadMs };
    if (!can(model, 'embedding')) throw new OllamaError(refusal, NO_EMBEDDINGS);
    const prompts = call.inputs.map((input) => tokensOf(input, call.truncate, lease, services));
    for (const prompt of prompts) await compute(prompt, lease, signal);
    return {
      vectors: call.inputs.map((input) => vectorOf(input, model, call.dimensions)),
      promptTokens: prompts.reduce((sum, prompt) => sum + prompt.length, 0),
      totalMs: services.config.clock.nowMs() - startMs,
      loadMs: lease.loadMs,
    };
  } finally {
    lease.release();
  }
}

function tokensOf(input: string, truncate: boolean, lease: Lease, services: Services): readonly number[] {
  const tokens = services.vocabulary.encode(input);
  if (tokens.length === 0)
    throw new OllamaError(400, 'input exceeds maximum context length and cannot be truncated further');
  const { numCtx } = lease.runner.options;
  if (tokens.length <= numCtx) return tokens;
  if (!truncate) throw new OllamaError(400, INPUT_TOO_LONG);
  return tokens.slice(0, numCtx);
}

function compute(prompt: readonly number[], lease: Lease, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = deferred<void>();
  const handle = lease.runner.run({
    prompt,
    source: fixedSource([]),
    maxTokens: 1,
    contextLimit: null,
    stops: [],
    checksRepeats: false,
    stream: false,
    opening: '',
    sink: {
      pieces: () => true,
      end: (outcome) =>
        outcome.kind === 'failed' ? reject(new OllamaError(outcome.status, outcome.message)) : resolve(),
      garble: () => undefined,
      cut: () => reject(new ClientGoneError()),
    },
  });
  const leave = (): void => {
    handle.cancel();
    reject(new ClientGoneError());
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', leave));
}

/** A vector of length 1 that depends only on the text. */
function vectorOf(text: string, model: SimModel, dimensions: number): readonly number[] {
  const random = seededRandom(seedOfText(text));
  const full = Array.from({ length: model.embeddingLength }, () => random() * 2 - 1);
  const kept = dimensions > 0 && dimensions < full.length ? full.slice(0, dimensions) : full;
  const norm = Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0));
  return kept.map((value) => Number((value / norm).toPrecision(8)));
}
