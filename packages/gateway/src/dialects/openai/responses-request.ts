import { RequestFailure } from '../../errors.ts';
import { decodeStruct } from '../../go-compat/decode-struct.ts';
import {
  goBool,
  type GoFields,
  goFloat64,
  goInt,
  goList,
  goRaw,
  goString,
  goStruct,
} from '../../go-compat/go-struct.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJsonBytes } from '../../go-compat/write-json.ts';
import { headerNames, ignoredFields } from '../../translation/ignored-fields.ts';
import {
  forceCall,
  type ForcedCall,
  type OfferedTool,
  withInstruction,
} from '../../translation/tool-choice.ts';
import { fromInput } from './responses-input.ts';
import { thinkOf } from './reasoning-effort.ts';
import { readToolChoice } from './tool-choice.ts';

/** The fields of a `/v1/responses` request that its answer repeats. */
export interface ResponsesFields {
  readonly model?: string;
  readonly background?: boolean;
  readonly input?: RawJson;
  readonly instructions?: string;
  readonly max_output_tokens?: number;
  readonly reasoning?: { readonly effort?: string; readonly summary?: string };
  readonly temperature?: number;
  readonly top_p?: number;
  readonly text?: { readonly format?: RawJson };
  readonly truncation?: string;
  readonly tools?: RawJson;
  readonly tool_choice?: RawJson;
  readonly stream?: boolean;
}

/** A `/v1/responses` request, translated. */
export interface TranslatedResponses {
  readonly model: string;
  readonly stream: boolean;
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: Buffer;
  /** The call that the answer must be. */
  readonly forced: ForcedCall | undefined;
  readonly request: ResponsesFields;
}

const fields: GoFields = {
  model: goString,
  background: goBool,
  include: goList(goString, '[]string'),
  input: goRaw,
  instructions: goString,
  max_output_tokens: goInt,
  reasoning: goStruct(
    { effort: goString, generate_summary: goString, summary: goString },
    'openai.ResponsesReasoning',
  ),
  temperature: goFloat64,
  text: goStruct({ format: goRaw }, 'openai.ResponsesText'),
  top_p: goFloat64,
  truncation: goString,
  tools: goRaw,
  tool_choice: goRaw,
  stream: goBool,
};

const struct = goStruct(fields, 'openai.ResponsesRequest');

/** Ollama accepts `background` and `include` and does not use them. */
const used = Object.keys(fields).filter((field) => field !== 'background' && field !== 'include');

const harmless = { background: false, include: [], parallel_tool_calls: true, store: false } as const;

const tool = goStruct(
  { type: goString, name: goString, description: goString, strict: goBool, parameters: goRaw, tools: goRaw },
  'openai.ResponsesTool',
);

interface ResponsesTool {
  readonly type?: string;
  readonly name?: string;
  readonly description?: string;
  readonly parameters?: RawJson;
  readonly tools?: RawJson;
}

/**
 * Translates a `/v1/responses` body to `/api/chat` as Ollama does, with these deliberate differences: `tool_choice` is
 * obeyed, `max_output_tokens: 0` is refused as in chat, a request without input is refused (Ollama then only loads the
 * model), and tools that OpenAI's servers run are left out.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function translateResponses(bytes: Buffer): TranslatedResponses {
  const bound = decodeStruct(bytes, 'EOF', struct);
  const request = bound as ResponsesFields;
  const turns = fromInput(request.input);
  if (turns.length === 0 && !request.instructions) throw refuse('input', 'input must hold some content');
  if (request.max_output_tokens === 0)
    throw refuse('max_output_tokens', 'max_output_tokens must not be 0: a host would answer without end');
  const messages = [
    ...(request.instructions ? [{ role: 'system', content: request.instructions }] : []),
    ...turns.map((turn) => ({ ...turn })),
  ];
  const leftOut = new Set<string>();
  const tools = offeredTools(request.tools, leftOut, '');
  const choice = readToolChoice(request.tool_choice);
  if (choice === undefined) leftOut.add('tool_choice');
  const forced = choice?.kind === 'call' ? forceCall(choice.name, tools) : undefined;
  const stream = request.stream ?? false;
  const body = writeJsonBytes({
    model: request.model ?? '',
    messages: forced ? withInstruction(messages, forced.instruction) : messages,
    stream,
    format: forced?.format ?? schemaOf(request.text?.format),
    tools: forced || choice?.kind === 'none' || tools.length === 0 ? undefined : tools.map(nativeTool),
    think: thinkOf(request.reasoning?.effort),
    options: {
      temperature: request.temperature ?? 1,
      top_p: request.top_p,
      num_predict: request.max_output_tokens,
    },
  });
  const ignored = headerNames([...ignoredFields(bound, used, harmless), ...leftOut]);
  return { model: request.model ?? '', stream, ignored, body, forced, request };
}

/** The functions among the tools. Those of a namespace have its name before theirs. */
function offeredTools(
  tools: RawJson | undefined,
  leftOut: Set<string>,
  prefix: string,
): readonly OfferedTool[] {
  return (tools?.elements() ?? []).flatMap((element) => {
    const { type = '', name = '', ...found } = decodeStruct(element, 'EOF', tool) as ResponsesTool;
    const fullName = prefix === '' || name.startsWith(prefix) ? name : prefix + name;
    if (type === 'namespace' && prefix === '')
      return offeredTools(found.tools, leftOut, name === '' ? '' : `${name}.`);
    if (type === 'function')
      return [{ name: fullName, description: found.description, parameters: found.parameters }];
    leftOut.add(`tools.${type}`);
    return [];
  });
}

function nativeTool({ name, description, parameters }: OfferedTool): object {
  return { type: 'function', function: { name, description: description || undefined, parameters } };
}

/** The schema of the answer with its text: the order of its keys is the order in which the model writes them. */
function schemaOf(format: RawJson | undefined): RawJson | undefined {
  const parts = format?.members();
  const schema = parts?.get('schema');
  return parts?.get('type')?.string === 'json_schema' && schema?.kind !== 'null' ? schema : undefined;
}

function refuse(field: string, text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field });
}
