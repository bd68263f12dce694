import { ClientGoneError, OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { JSON_PLAIN, sendJson, sendNativeError, sendOpenAiError, sendOpenAiRefusal } from '../http/reply.ts';
import { MISSING_BODY, text } from '../native/native-request.ts';
import type { Services } from '../services.ts';
import { keepAliveMs } from '../wire/duration.ts';
import { EMBED_FIELDS, OPENAI_EMBED_FIELDS } from '../wire/fields.ts';
import { decodeGoJson } from '../wire/go-json.ts';
import { checkStruct } from '../wire/go-struct.ts';
import { goJson, nanos } from '../wire/go-text.ts';
import { type EmbedCall, embed, INPUT_TOO_LONG } from './embedding.ts';

/** POST /api/embed */
export async function embedRoute(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, async () => {
    const request = checkStruct(
      decodeGoJson(await exchange.body(), MISSING_BODY),
      'EmbedRequest',
      EMBED_FIELDS,
    );
    const call = readCall(request, readInputs(request['input']));
    const { vectors, promptTokens, totalMs, loadMs } = await embed(call, services, exchange.signal, 501);
    const measured = {
      total_duration: nanos(totalMs),
      load_duration: nanos(loadMs),
      prompt_eval_count: promptTokens,
    };
    sendJson(exchange, {
      model: call.modelName,
      embeddings: vectors,
      ...(vectors.length > 0 ? measured : {}),
    });
  });
}

/** POST /api/embeddings, the older form: one prompt, one vector, status 500 for errors. */
export async function embeddingsRoute(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, async () => {
    const request = checkStruct(
      decodeGoJson(await exchange.body(), MISSING_BODY),
      'EmbeddingRequest',
      EMBED_FIELDS,
    );
    const prompt = text(request['prompt']);
    if (text(request['model']) === '') throw new OllamaError(400, 'model is required');
    const call = { ...readCall(request, prompt === '' ? [] : [prompt]), truncate: false };
    try {
      const { vectors } = await embed(call, services, exchange.signal, 500);
      sendJson(exchange, { embedding: vectors[0] ?? [] });
    } catch (error) {
      if (error instanceof OllamaError && error.message === INPUT_TOO_LONG)
        throw new OllamaError(500, error.message);
      throw error;
    }
  });
}

/** POST /v1/embeddings */
export async function openAiEmbeddings(exchange: Exchange, services: Services): Promise<void> {
  let call: EmbedCall;
  let encode: (vector: readonly number[]) => readonly number[] | string;
  try {
    const body = decodeGoJson(await exchange.body(), 'EOF');
    const request = checkStruct(body, 'EmbedRequest', OPENAI_EMBED_FIELDS);
    encode = encoderFor(text(request['encoding_format']));
    const inputs = request['input'] === '' ? [''] : readInputs(request['input']);
    if (inputs.length === 0) throw new OllamaError(400, 'invalid input');
    call = readCall(request, inputs);
  } catch (error) {
    if (error instanceof OllamaError) return sendOpenAiRefusal(exchange, error);
    throw error;
  }
  try {
    const { vectors, promptTokens } = await embed(call, services, exchange.signal, 501);
    const data = vectors.map((vector, index) => ({ object: 'embedding', embedding: encode(vector), index }));
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
    exchange.send(200, JSON_PLAIN, `${goJson({ object: 'list', data, model: call.modelName, usage })}\n`);
  } catch (error) {
    if (error instanceof OllamaError) sendOpenAiError(exchange, error, false);
    else if (!(error instanceof ClientGoneError)) throw error;
  }
}

/**
 * The form of a vector of `/v1/embeddings`: numbers, or base64 of little-endian 32-bit floats.
 *
 * @throws OllamaError 400 for another format
 */
function encoderFor(format: string): (vector: readonly number[]) => readonly number[] | string {
  switch (format.toLowerCase()) {
    case '':
    case 'float':
      return (vector) => vector;
    case 'base64':
      return toBase64;
    default:
      throw new OllamaError(
        400,
        `Invalid value for 'encoding_format' = ${format}. Supported values: ['float', 'base64'].`,
      );
  }
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes.toString('base64');
}

async function answer(exchange: Exchange, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof OllamaError) sendNativeError(exchange, error, false);
    else if (!(error instanceof ClientGoneError)) throw error;
  }
}

/** One text or a list of texts. A single empty text is not an input. */
function readInputs(input: unknown): readonly string[] {
  if (input === undefined || input === null || input === '') return [];
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.every((each): each is string => typeof each === 'string')) return input;
  throw new OllamaError(400, 'invalid input type');
}

function readCall(request: Readonly<Record<string, unknown>>, inputs: readonly string[]): EmbedCall {
  const { dimensions } = request;
  return {
    modelName: text(request['model']),
    inputs,
    truncate: request['truncate'] !== false,
    dimensions: typeof dimensions === 'number' ? dimensions : 0,
    keepAliveMs: keepAliveMs(request['keep_alive']),
    options: request['options'],
  };
}
