import { readRunnerOptions } from '../runner/runner-options.ts';
import { findPrompt } from './prompt-prefix.ts';

/** The facts of a request that a routing policy gets. */
export interface RoutedRequest {
  /** The model's `modelKey`, to be compared with `isModel`. */
  readonly model: string;
  readonly tenant: string;
  /** Higher is more urgent. */
  readonly priority: number;
  /** The context that the request states (`num_ctx`), tokens; undefined if it states none. */
  readonly contextTokens: number | undefined;
  /**
   * The beginning of the prompt: the JSON text of the conversation, the prompt or the input, at most `maxBytes` of it;
   * empty where the body has none. Requests that share the beginning of their text share this prefix. A view of the
   * body, not a copy; the body is searched at the first call, so a policy that does not call it costs nothing.
   */
  promptPrefix(maxBytes: number): Uint8Array;
}

/** Describes a request to the routing policies. */
export function routedRequest(
  facts: Pick<RoutedRequest, 'model' | 'tenant' | 'priority'>,
  body: Uint8Array,
): RoutedRequest {
  let prompt: Uint8Array | undefined;
  const { num_ctx: context } = readRunnerOptions(body);
  return {
    ...facts,
    contextTokens: typeof context === 'number' && context > 0 ? context : undefined,
    promptPrefix: (maxBytes) => {
      prompt ??= findPrompt(body);
      return prompt.subarray(0, maxBytes);
    },
  };
}
