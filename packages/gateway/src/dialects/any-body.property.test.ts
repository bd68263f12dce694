import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { RequestFailure } from '../errors.ts';
import { translateMessages } from './anthropic/messages-request.ts';
import { translateChatRequest } from './openai/chat-request.ts';
import { translateResponses } from './openai/responses-request.ts';

/** Words that mean something in a body, so that random bodies get past the first check. */
const words =
  'text image tool_use tool_result thinking document message function function_call function_call_output reasoning input_text ' +
  'input_image namespace user assistant base64 AAAA data:image/png;base64,AAAA {} {"a":1.0} any tool none required f json_schema ';
const keys =
  'model messages input role content type text id name arguments source data url tools tool_choice function parameters 1 ' +
  'input_schema system thinking max_tokens output call_id tool_use_id image_url format schema output_config reasoning __proto__';
const word = fc.constantFrom(...words.split(' '));
const key = fc.constantFrom(...keys.split(' '));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    word,
    fc.constantFrom(null, true, 0, 1, -1, 1.5),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));

const list = fc.array(value, { minLength: 1, maxLength: 4 });
const body = fc
  .record({ messages: list, input: fc.oneof(word, list), tools: list, tool_choice: value, system: value })
  .map((fields) => ({ model: 'm', max_tokens: 5, ...fields }));

it.each([
  ['messages', translateMessages],
  ['responses', translateResponses],
  ['chat completions', translateChatRequest],
] as const)('answers any body of %s with a translation that is JSON, or with a refusal', (_, translate) => {
  fc.assert(
    fc.property(fc.oneof(body, value), (sent) => {
      try {
        expect(JSON.parse(translate(Buffer.from(JSON.stringify(sent))).body.toString())).toBeTypeOf('object');
      } catch (error) {
        expect(error).toBeInstanceOf(RequestFailure);
        expect((error as RequestFailure).status).toBe(400);
      }
    }),
    { numRuns: 1_000 },
  );
});
