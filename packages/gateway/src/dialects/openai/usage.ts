/** Counts of tokens in an answer of Ollama. */
export interface TokenCounts {
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
}

/** OpenAI's `usage`. */
export function usageOf(counts: TokenCounts): Record<string, number> {
  const prompt = counts.prompt_eval_count ?? 0;
  const completion = counts.eval_count ?? 0;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
