import { nestedError, OllamaError } from '../errors.ts';
import { can, type SimModel } from '../model/model.ts';
import { registryName } from '../model/model-name.ts';
import { unusableSchema } from '../text/json-value.ts';
import type { AnswerFormat } from '../text/utterance.ts';
import { goQuote } from '../wire/go-text.ts';
import { type Call, type GenerateCall, readFormat } from './call.ts';

/** @throws OllamaError 400 */
export function refuseLogprobs(call: Call): void {
  if (call.topLogprobs < 0 || call.topLogprobs > 20)
    throw new OllamaError(400, 'top_logprobs must be between 0 and 20');
}

/**
 * Refuses requests that the model does not support, before it is loaded.
 *
 * @throws OllamaError 400
 */
export function refuseUnsupported(call: Call, model: SimModel): void {
  const { modelName } = call;
  if (call.kind === 'generate') refuseGenerate(call, model);
  if (!can(model, 'completion'))
    throw new OllamaError(400, `${goQuote(modelName)} does not support ${call.kind}`);
  if (call.think !== undefined && call.think !== false && !can(model, 'thinking'))
    throw new OllamaError(400, `${goQuote(modelName)} does not support thinking`);
  if (call.kind === 'chat' && call.tools.length > 0 && !can(model, 'tools'))
    throw new OllamaError(400, `${registryName(modelName)} does not support tools`);
}

function refuseGenerate(call: GenerateCall, model: SimModel): void {
  if (call.raw && (call.template !== '' || call.system !== '' || call.context.length > 0))
    throw new OllamaError(400, 'raw mode does not support template, system, or context');
  if (call.suffix !== '' && !can(model, 'insert'))
    throw new OllamaError(400, `${registryName(call.modelName)} does not support insert`);
}

/**
 * The format of the answer.
 *
 * @throws OllamaError 500 for an invalid format, 400 from the runner for a schema that it cannot use
 */
export function formatFor(call: Call, model: SimModel): AnswerFormat {
  const format = readFormat(call.format);
  if (!format)
    throw new OllamaError(
      500,
      `invalid format: ${goQuote(JSON.stringify(call.format))}; expected "json" or a valid JSON Schema object`,
    );
  const native = model.path === 'native';
  const bad = format.kind === 'schema' ? unusableSchema(format.schema) : null;
  if (bad) {
    const failure = `JSON schema conversion failed:\nUnrecognized schema: ${JSON.stringify(bad)}`;
    const text = native
      ? `Unable to generate parser for this template. Automatic parser generation failed: ${failure}`
      : `Field 'json_schema': "json_schema": ${failure}`;
    throw nestedError(400, text, 'invalid_request_error');
  }
  // Thinking comes first and has no format. The native path does not enforce plain JSON mode.
  return native && format.kind === 'json' ? { kind: 'text' } : format;
}

/** @throws OllamaError 400 or 500, depending on the execution path */
export function refuseImages(call: Call, model: SimModel): void {
  const images =
    call.kind === 'chat' ? call.messages.some((each) => each.imageCount > 0) : call.imageCount > 0;
  if (!images || can(model, 'vision')) return;
  if (model.path === 'native')
    throw nestedError(
      500,
      'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
      'server_error',
    );
  throw nestedError(
    400,
    'Multimodal data provided, but model does not support multimodal requests.',
    'invalid_request_error',
  );
}
