import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import { type GoFields, goInt, goRaw, goString, goStruct } from '../../go-compat/go-struct.ts';
import { goJson } from '../../go-compat/go-text.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJson, writeJsonBytes } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import { ignoredFields } from '../../translation/ignored-fields.ts';
import { brokenStreamFrame, translatedType, upstreamErrorReply } from './openai-error.ts';
import { parseAnswer, readAnswer } from '../../translation/read-answer.ts';

export interface TranslatedEmbedding {
  readonly model: string;
  readonly encoding: 'float' | 'base64';
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: Buffer;
}

const fields: GoFields = { input: goRaw, model: goString, dimensions: goInt, encoding_format: goString };

const struct = goStruct(fields, 'openai.EmbedRequest');

const answerStruct = goStruct({ embeddings: goRaw, prompt_eval_count: goInt }, 'api.EmbedResponse');

/**
 * Translates a `/v1/embeddings` body to `/api/embed` as Ollama does.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function translateEmbedding(bytes: Buffer): TranslatedEmbedding {
  const bound = decodeStruct(bytes, 'EOF', struct);
  const request = bound as { input?: RawJson; model?: string; dimensions?: number; encoding_format?: string };
  const encoding = (request.encoding_format ?? '').toLowerCase();
  if (encoding !== '' && encoding !== 'float' && encoding !== 'base64') {
    throw refuse(
      'encoding_format',
      `Invalid value for 'encoding_format' = ${request.encoding_format}. Supported values: ['float', 'base64'].`,
    );
  }
  const { input } = request;
  if (
    input === undefined ||
    input.kind === 'null' ||
    (input.kind === 'array' && input.elements().length === 0)
  )
    throw refuse('input', 'invalid input');
  return {
    model: request.model ?? '',
    encoding: encoding === 'base64' ? 'base64' : 'float',
    ignored: ignoredFields(bound, Object.keys(fields), {}),
    body: writeJsonBytes({
      model: request.model ?? '',
      input: input.text === '""' ? [''] : input,
      dimensions: request.dimensions || undefined,
    }),
  };
}

/**
 * Translates answers of Ollama's `/api/embed` to `/v1/embeddings`. The openai client requests `base64` by default:
 * float32 numbers, little endian.
 */
export function embeddingAnswer(model: string, encoding: 'float' | 'base64'): AnswerFormat {
  return {
    streamType: translatedType,
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      const list = listOf(encoding === 'base64' ? readBase64(body) : readFloats(body), model);
      return { status: 200, contentType: translatedType, body: `${writeJson(list, goJson)}\n` };
    },
    lines: (lines) => lines.join(''),
    brokenStream: brokenStreamFrame,
  };
}

interface Embeddings {
  /** Undefined if the host's list is null. */
  readonly vectors: readonly (RawJson | string)[] | undefined;
  readonly tokens: number;
}

/** Numbers keep the digits that the host wrote. */
function readFloats(body: string): Embeddings {
  const answer = readAnswer(body, answerStruct) as { embeddings?: RawJson; prompt_eval_count?: number };
  const { embeddings, prompt_eval_count: tokens = 0 } = answer;
  return { vectors: embeddings?.kind === 'array' ? embeddings.elements() : undefined, tokens };
}

function readBase64(body: string): Embeddings {
  const answer = parseAnswer(body) as {
    embeddings?: readonly (readonly number[] | null)[] | null;
    prompt_eval_count?: number;
  };
  return {
    vectors: answer.embeddings?.map((vector) => toBase64(vector ?? [])),
    tokens: answer.prompt_eval_count ?? 0,
  };
}

/** The list as Ollama writes it: if the host's list is null, `object` and `model` are empty. */
function listOf({ vectors, tokens }: Embeddings, model: string): Record<string, unknown> {
  if (vectors === undefined)
    return { object: '', data: null, model: '', usage: { prompt_tokens: 0, total_tokens: 0 } };
  const data = vectors.map((embedding, index) => ({ object: 'embedding', embedding, index }));
  return {
    object: 'list',
    data: data.length === 0 ? null : data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

function refuse(field: string, text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field });
}
