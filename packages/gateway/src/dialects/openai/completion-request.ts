import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import {
  goBool,
  goChecked,
  type GoFields,
  goFloat32,
  goInt,
  goRaw,
  goString,
  goStruct,
} from '../../go-compat/go-struct.ts';
import { isObject } from '../../go-compat/go-text.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJsonBytes } from '../../go-compat/write-json.ts';
import type { TranslatedRequest } from './chat-request.ts';
import { ignoredFields } from '../../translation/ignored-fields.ts';
import { stopList } from './stop-list.ts';

const fields: GoFields = {
  model: goString,
  prompt: goChecked(goString),
  frequency_penalty: goFloat32,
  max_tokens: goInt,
  presence_penalty: goFloat32,
  seed: goInt,
  stop: goRaw,
  stream: goBool,
  stream_options: goStruct({ include_usage: goBool }, 'openai.StreamOptions'),
  temperature: goFloat32,
  top_p: goFloat32,
  suffix: goString,
  logprobs: goInt,
  _debug_render_only: goBool,
};

const struct = goStruct(fields, 'openai.CompletionRequest');

/** Ollama accepts `logprobs` but does not return them, so the field counts as ignored. */
const used = Object.keys(fields).filter((field) => field !== 'logprobs');

const harmless = { n: 1, best_of: 1, echo: false, logprobs: 0 } as const;

interface CompletionFields {
  readonly model?: string;
  readonly prompt?: RawJson;
  readonly frequency_penalty?: number;
  readonly max_tokens?: number;
  readonly presence_penalty?: number;
  readonly seed?: number;
  readonly stop?: RawJson;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly temperature?: number;
  readonly top_p?: number;
  readonly suffix?: string;
  readonly logprobs?: number;
}

/**
 * Translates a `/v1/completions` body to `/api/generate` as Ollama does; `max_tokens: 0` is refused as in chat.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function translateCompletionRequest(bytes: Buffer): TranslatedRequest {
  const bound = decodeStruct(bytes, 'EOF', struct);
  const request = bound as CompletionFields;
  if (request.stop?.kind === 'array') {
    const odd = (request.stop.parse() as unknown[]).find((item) => typeof item !== 'string');
    if (odd !== undefined) throw refuse('stop', `invalid type for 'stop' field: ${goTypeOf(odd)}`);
  }
  if (request.max_tokens === 0)
    throw refuse('max_tokens', 'max_tokens must not be 0: a host would answer without end');
  const stream = request.stream ?? false;
  const withLogprobs = (request.logprobs ?? 0) > 0;
  const body = writeJsonBytes({
    model: request.model ?? '',
    prompt: request.prompt ?? '',
    suffix: request.suffix,
    stream,
    logprobs: withLogprobs ? true : undefined,
    top_logprobs: withLogprobs ? request.logprobs : undefined,
    _debug_render_only: bound['_debug_render_only'],
    options: {
      stop: stopList(request.stop),
      num_predict: request.max_tokens,
      temperature: request.temperature ?? 1,
      seed: request.seed,
      frequency_penalty: request.frequency_penalty ?? 0,
      presence_penalty: request.presence_penalty ?? 0,
      top_p: request.top_p || 1,
    },
  });
  return {
    model: request.model ?? '',
    stream,
    includeUsage: request.stream_options?.include_usage ?? false,
    ignored: ignoredFields(bound, used, harmless),
    body,
  };
}

function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  return isObject(value) ? 'map[string]interface {}' : '[]interface {}';
}

function refuse(field: string, text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field });
}
