import { z } from 'zod';

/** The parts of a line of Ollama's `/api/chat` stream that an agent uses. */
export interface ChatLine {
  readonly text: string;
  /** Set on the last line. */
  readonly end?: {
    readonly promptTokens: number;
    readonly completionTokens: number;
    /** Time that Ollama worked on prompt and answer. */
    readonly workMs: number;
  };
  /** Ollama ended the stream with this error. */
  readonly error?: string;
}

const schema = z.looseObject({
  message: z.looseObject({ content: z.string().optional() }).optional(),
  done: z.boolean().optional(),
  prompt_eval_count: z.number().int().min(0).optional(),
  eval_count: z.number().int().min(0).optional(),
  prompt_eval_duration: z.number().min(0).optional(),
  eval_duration: z.number().min(0).optional(),
  error: z.string().optional(),
});

/** Undefined if the line does not follow Ollama's protocol. */
export function parseChatLine(line: string): ChatLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undefined;
  const { message, done, prompt_eval_count, eval_count, error } = parsed.data;
  const { prompt_eval_duration = 0, eval_duration = 0 } = parsed.data;
  if (error !== undefined) return { text: '', error };
  const text = message?.content ?? '';
  if (done !== true) return { text };
  const workMs = (prompt_eval_duration + eval_duration) / 1e6;
  return { text, end: { promptTokens: prompt_eval_count ?? 0, completionTokens: eval_count ?? 0, workMs } };
}
