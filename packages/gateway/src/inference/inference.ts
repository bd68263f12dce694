import type { InferenceRoute } from '@drover/fleet';
import type { AnswerFormat } from './answer-format.ts';

/** One inference request as its dialect read and translated it. */
export interface Inference {
  readonly route: InferenceRoute;
  /** Name of the model as the client wrote it. */
  readonly model: string;
  /** Ollama-native JSON. */
  readonly body: Uint8Array;
  /**
   * The body to send after a host refused `body` with this error answer; undefined if the client gets the answer. Asked
   * once for a request.
   */
  readonly amend?: (status: number, answer: string) => Uint8Array | undefined;
  readonly answer: AnswerFormat;
  /** `load` and `unload` generate nothing: the request only loads or unloads the model. */
  readonly intent: 'infer' | 'load' | 'unload';
  /** Fields of the request that neither the gateway nor Ollama uses. */
  readonly ignored: readonly string[];
}
