import type { TokenEstimate } from './decide-silence.ts';

/** Figures at the end of Ollama's answer; 0 where a figure is missing. */
export interface AnswerMeasures {
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly answerTokens: number;
  readonly answerMs: number;
}

/** One finished answer to learn from. */
export interface Lesson {
  readonly bodyBytes: number;
  /** Requests with images are not used: their bytes do not show the number of tokens. */
  readonly hasImages: boolean;
  readonly measures: AnswerMeasures;
}

interface ModelSpeeds {
  /** Slowest observed prompt speed, in tokens per second. */
  promptSpeed: number;
  promptLessons: number;
  /** Largest observed number of tokens per byte of a request. */
  tokensPerByte: number;
  /** Size of the largest observed request. */
  largestBytes: number;
  /** Slowest observed generation speed, in tokens per second; `Infinity` before the first answer. */
  answerSpeed: number;
}

/** Speed assumed before one is learnt, in tokens per second: slower than an 8B model on an old laptop. */
export const assumedSpeed: number = 5;
/** Assumed before a request was measured. Languages have between 0.2 and 0.5 tokens per byte. */
const assumedTokensPerByte = 0.5;
/** Prompt speed above this multiple of the generation speed means that the prompt came from the cache. */
const cachedFactor = 100;
/** Observations needed before a prompt speed counts as learnt. */
const leastLessons = 2;
/** A request larger than this multiple of the largest observed request is outside the learnt range. */
const extrapolation = 2;
/** Smallest number of tokens of an answer from which a speed is learnt. */
const leastAnswerTokens = 8;
/** Context assumed when `ps` does not report it. It limits an answer without `num_predict`. */
const assumedContext = 4_096;
const maxModels = 512;

/**
 * Prompt and generation speeds of the models of one Ollama, learnt from the figures at the end of their answers. The
 * slowest speed counts, because Ollama does not report how much of a prompt came from its cache.
 */
export class LearntSpeeds {
  readonly #models = new Map<string, ModelSpeeds>();

  learn(model: string, { bodyBytes, hasImages, measures }: Lesson): void {
    const { promptTokens, promptMs, answerTokens, answerMs } = measures;
    const known = this.#models.get(model) ?? nothingLearnt();
    if (answerMs > 0 && answerTokens >= leastAnswerTokens)
      known.answerSpeed = Math.min(known.answerSpeed, (answerTokens / answerMs) * 1_000);
    const speed = promptMs > 0 ? (promptTokens / promptMs) * 1_000 : 0;
    const isCached = speed > cachedFactor * known.answerSpeed;
    if (speed > 0 && !isCached && !hasImages) {
      known.promptSpeed = Math.min(known.promptSpeed, speed);
      known.promptLessons += 1;
      known.tokensPerByte = Math.max(known.tokensPerByte, promptTokens / bodyBytes);
      known.largestBytes = Math.max(known.largestBytes, bodyBytes);
    }
    this.#remember(model, known);
  }

  /** Upper estimate for the prompt of a request. Ollama cuts a prompt to `contextTokens`. */
  prompt(
    model: string,
    request: { readonly bytes: number; readonly hasImages: boolean },
    contextTokens: number,
  ): TokenEstimate {
    const known = this.#models.get(model);
    const isLearnt =
      known !== undefined &&
      known.promptLessons >= leastLessons &&
      request.bytes <= extrapolation * known.largestBytes &&
      !request.hasImages;
    if (isLearnt) {
      const tokens = Math.min(request.bytes * known.tokensPerByte, contextTokens);
      return { tokens, tokensPerSecond: known.promptSpeed, learnt: true };
    }
    const tokens = Math.min(request.bytes * assumedTokensPerByte, contextTokens);
    return {
      tokens,
      tokensPerSecond: Math.min(assumedSpeed, known?.promptSpeed ?? assumedSpeed),
      learnt: false,
    };
  }

  /** Upper estimate for the answer. */
  answer(model: string, maxTokens: number | undefined, contextTokens: number): TokenEstimate {
    const speed = this.#models.get(model)?.answerSpeed ?? Number.POSITIVE_INFINITY;
    const learnt = Number.isFinite(speed);
    const bound = Number.isFinite(contextTokens) ? contextTokens : assumedContext;
    return { tokens: maxTokens ?? bound, tokensPerSecond: learnt ? speed : assumedSpeed, learnt };
  }

  #remember(model: string, speeds: ModelSpeeds): void {
    this.#models.delete(model);
    this.#models.set(model, speeds);
    for (const oldest of this.#models.keys()) {
      if (this.#models.size <= maxModels) break;
      this.#models.delete(oldest);
    }
  }
}

function nothingLearnt(): ModelSpeeds {
  return {
    promptSpeed: Number.POSITIVE_INFINITY,
    promptLessons: 0,
    tokensPerByte: 0,
    largestBytes: 0,
    answerSpeed: Number.POSITIVE_INFINITY,
  };
}

const nanosPerMs = 1e6;

/** Reads the figures from the last line of an answer, where durations are nanoseconds; undefined if there are none. */
export function readMeasures(line: string): AnswerMeasures | undefined {
  if (!line.includes('"prompt_eval_count"') && !line.includes('"eval_count"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): number => {
    const figure = (value as Record<string, unknown>)[name];
    return typeof figure === 'number' && figure > 0 ? figure : 0;
  };
  // Embeddings have no separate prompt duration: processing the prompt is the whole request.
  const embeddingNanos = Math.max(0, field('total_duration') - field('load_duration'));
  const isEmbedding = 'embeddings' in value || 'embedding' in value;
  return {
    promptTokens: field('prompt_eval_count'),
    promptMs: (isEmbedding ? embeddingNanos : field('prompt_eval_duration')) / nanosPerMs,
    answerTokens: field('eval_count'),
    answerMs: field('eval_duration') / nanosPerMs,
  };
}
