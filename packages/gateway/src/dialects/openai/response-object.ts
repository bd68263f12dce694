import { RawJson } from '../../go-compat/raw-json.ts';
import type { TokenCounts } from './usage.ts';
import type { ResponsesFields } from './responses-request.ts';

/** The parts of a response object that change while an answer is made. */
export interface ResponseState {
  readonly id: string;
  readonly model: string;
  readonly status: 'in_progress' | 'completed' | 'failed';
  readonly output: readonly object[];
  readonly createdAtSeconds: number;
  readonly completedAtSeconds?: number;
  readonly usage?: TokenCounts;
  readonly error?: { readonly code: string; readonly message: string };
}

const empty = new RawJson('[]');
const plainText = new RawJson('{"type":"text"}');
const auto = new RawJson('"auto"');

/**
 * The response object with all fields that Ollama writes, in Ollama's order. Fields of the request are repeated with
 * their text unchanged.
 */
export function responseObject(state: ResponseState, request: ResponsesFields): Record<string, unknown> {
  const { reasoning, text, tools, tool_choice: choice } = request;
  return {
    id: state.id,
    object: 'response',
    created_at: state.createdAtSeconds,
    completed_at: state.completedAtSeconds ?? null,
    status: state.status,
    incomplete_details: null,
    model: state.model,
    previous_response_id: null,
    instructions: request.instructions || null,
    output: state.output,
    error: state.error ?? null,
    tools: tools?.kind === 'array' ? decoded(tools) : empty,
    tool_choice: choice === undefined || choice.kind === 'null' ? auto : decoded(choice),
    truncation: request.truncation ?? 'disabled',
    parallel_tool_calls: true,
    text: { format: text?.format?.kind === 'object' ? decoded(text.format) : plainText },
    top_p: request.top_p ?? 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    temperature: request.temperature ?? 1,
    reasoning:
      reasoning?.effort || reasoning?.summary
        ? { effort: reasoning.effort || null, summary: reasoning.summary || null }
        : null,
    usage: state.usage ? usageOf(state.usage) : null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    store: false,
    background: request.background ?? false,
    service_tier: 'default',
    metadata: {},
    safety_identifier: null,
    prompt_cache_key: null,
  };
}

/** Raw parts of a request are byte text; an answer is written as text. */
function decoded(raw: RawJson): RawJson {
  return new RawJson(raw.decoded);
}

function usageOf({ prompt_eval_count: input = 0, eval_count: output = 0 }: TokenCounts): object {
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
}
