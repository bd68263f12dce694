import type { AnswerDialect, Reply, UpstreamHead } from '../dialects/dialect.ts';
import { RequestFailure } from '../errors.ts';
import { decodeGoJson } from '../go/go-json.ts';
import { bindStruct, goAny, type GoFields, goInt, goString } from '../go/go-struct.ts';
import { goJson } from '../go/go-text.ts';
import { ignoredFields } from './ignored-fields.ts';
import { brokenStreamFrame, failedReply, translatedType, upstreamErrorReply } from './openai-error.ts';
import { writeNative } from './sampling.ts';

export interface TranslatedEmbedding {
  readonly model: string;
  readonly encoding: 'float' | 'base64';
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: string;
}

const fields: GoFields = { input: goAny, model: goString, dimensions: goInt, encoding_format: goString };

/**
 * Translates a `/v1/embeddings` body to `/api/embed` as Ollama does.
 *
 * @throws RequestFailure 400 in Ollama's words
 */
export function translateEmbedding(text: string): TranslatedEmbedding {
  const bound = bindStruct(decodeGoJson(text, 'EOF'), 'openai', 'EmbedRequest', fields);
  const request = bound as { input?: unknown; model?: string; dimensions?: number; encoding_format?: string };
  const encoding = (request.encoding_format ?? '').toLowerCase();
  if (encoding !== '' && encoding !== 'float' && encoding !== 'base64') {
    throw refuse(
      'encoding_format',
      `Invalid value for 'encoding_format' = ${request.encoding_format}. Supported values: ['float', 'base64'].`,
    );
  }
  const input = request.input === '' ? [''] : request.input;
  if (input === undefined || (Array.isArray(input) && input.length === 0))
    throw refuse('input', 'invalid input');
  return {
    model: request.model ?? '',
    encoding: encoding === 'base64' ? 'base64' : 'float',
    ignored: ignoredFields(bound, Object.keys(fields), {}),
    body: writeNative({ model: request.model ?? '', input, dimensions: request.dimensions || undefined }),
  };
}

/** `/v1/embeddings` out of Ollama's `/api/embed`. `base64` is what the openai client asks for by default: float32, little endian. */
export function embeddingDialect(model: string, encoding: 'float' | 'base64'): AnswerDialect {
  return {
    streamType: translatedType,
    failure: failedReply,
    whole: (head: UpstreamHead, body: string): Reply => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      const answer = JSON.parse(body) as {
        embeddings?: readonly (readonly number[])[];
        prompt_eval_count?: number;
      };
      const vectors = answer.embeddings ?? [];
      const tokens = answer.prompt_eval_count ?? 0;
      const data = vectors.map((vector, index) => ({
        object: 'embedding',
        embedding: encoding === 'base64' ? toBase64(vector) : vector,
        index,
      }));
      const list = {
        object: 'list',
        data: data.length === 0 ? null : data,
        model,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
      return { status: 200, contentType: translatedType, body: `${goJson(list)}\n` };
    },
    lines: (lines: readonly string[]): string => lines.join(''),
    brokenStream: brokenStreamFrame,
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
