import { RequestFailure } from '../errors.ts';
import { goQuote } from '../go-compat/go-text.ts';
import { RawJson } from '../go-compat/raw-json.ts';
import { writeJson } from '../go-compat/write-json.ts';

/** How a client wants tools to be used. `call`: one of the tools, or the named one, must be called. */
export type ToolChoice =
  | { readonly kind: 'auto' | 'none' }
  | { readonly kind: 'call'; readonly name?: string };

/** A tool that a request offers. */
export interface OfferedTool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON schema of its arguments. */
  readonly parameters?: RawJson | undefined;
}

/**
 * A call that the model must make. Ollama has no `tool_choice`, but it holds an answer to a schema: the answer is to be
 * the call, `format` is its schema, and `instruction` tells the model so. The host gets no tools, so that a template
 * for tools does not ask for another form, and models without such a template can be forced too.
 */
export interface ForcedCall {
  /** The only tool that can be called; undefined if the model chooses: its answer then names the tool. */
  readonly name: string | undefined;
  readonly format: RawJson;
  readonly instruction: string;
}

/**
 * The call that `choice` forces.
 *
 * @throws RequestFailure 400 if there is no tool that could be called
 */
export function forceCall(name: string | undefined, tools: readonly OfferedTool[]): ForcedCall {
  const callable = name === undefined ? tools : tools.filter((tool) => tool.name === name);
  const [only] = callable;
  if (only === undefined) {
    const text = name === undefined ? 'needs tools' : `names a tool that is not in tools: ${goQuote(name)}`;
    throw new RequestFailure(400, 'invalid-input', `tool_choice ${text}`, { field: 'tool_choice' });
  }
  return callable.length === 1 ? oneCall(only) : anyCall(callable);
}

function oneCall(tool: OfferedTool): ForcedCall {
  return {
    name: tool.name,
    format: schemaOf(tool),
    instruction: `Call the function ${described(tool)}\nAnswer with a JSON object that holds the arguments of the call, and nothing else.`,
  };
}

function anyCall(tools: readonly OfferedTool[]): ForcedCall {
  const definitions: Record<string, RawJson> = {};
  const anyOf = tools.map((tool, index) => ({
    type: 'object',
    properties: { name: { const: tool.name }, arguments: nested(schemaOf(tool), `f${index}`, definitions) },
    required: ['name', 'arguments'],
  }));
  const $defs = Object.keys(definitions).length === 0 ? undefined : definitions;
  return {
    name: undefined,
    format: new RawJson(writeJson({ $defs, anyOf }, (value) => JSON.stringify(value))),
    instruction: `Call one of these functions.\n${tools.map(described).join('\n')}\nAnswer with a JSON object {"name": …, "arguments": {…}} that holds the name of the function and the arguments of the call, and nothing else.`,
  };
}

/**
 * The schema as a part of another one. References begin at the outermost schema, so a schema with references becomes a
 * definition there, and its references go through that definition.
 */
function nested(schema: RawJson, key: string, definitions: Record<string, RawJson>): unknown {
  if (!schema.text.includes('"$ref"')) return schema;
  definitions[key] = new RawJson(schema.text.replaceAll(/("\$ref"\s*:\s*"#)/g, `$1/$$defs/${key}`));
  return { $ref: `#/$defs/${key}` };
}

function schemaOf({ parameters }: OfferedTool): RawJson {
  return parameters?.kind === 'object' ? new RawJson(parameters.decoded) : new RawJson('{"type":"object"}');
}

function described(tool: OfferedTool): string {
  const about = tool.description ? `: ${tool.description}` : '.';
  return `${JSON.stringify(tool.name)}${about}\nJSON schema of its arguments: ${schemaOf(tool).text}`;
}

/** Adds a text to the messages of a request for Ollama, as a part of its first system message. */
export function withInstruction(
  messages: readonly NativeMessage[],
  instruction: string,
): readonly NativeMessage[] {
  const [first, ...others] = messages;
  if (first?.['role'] !== 'system') return [{ role: 'system', content: instruction }, ...messages];
  const { content } = first;
  const text =
    content instanceof RawJson ? (content.string ?? '') : typeof content === 'string' ? content : '';
  return [{ ...first, content: `${text}\n\n${instruction}` }, ...others];
}

type NativeMessage = Readonly<Record<string, unknown>>;
