import { z } from 'zod';
import { DefinitionError } from './definition-error.ts';
import { parseFrontMatter } from './front-matter.ts';

/** One type of agent: what its definition file says. */
export interface AgentDefinition {
  /** The name that `spawn` takes. */
  readonly type: string;
  readonly description: string;
  /** Wanted model; undefined, or one the fleet lacks, means the fleet's default. */
  readonly model: string | undefined;
  /** Ollama's runner options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Model calls one task may make at most. @default 1 */
  readonly maxTurns: number;
  /** Tools the entry names; accepted, not yet run by the agent. */
  readonly tools: readonly string[];
  readonly systemPrompt: string;
}

/** Names of the entries' types: one subject token, so that they can travel anywhere. */
const typePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const maxPromptChars = 65_536;

const toolList = z
  .union([z.array(z.string()), z.string()])
  .transform((tools) =>
    (Array.isArray(tools) ? tools : tools.split(','))
      .map((tool) => tool.trim())
      .filter((tool) => tool !== ''),
  );

/** Fields of other tools' agent files (`color`, `permissionMode`, …) are read over. */
const fieldsSchema = z.looseObject({
  name: z.string().regex(typePattern, 'must be 1 to 64 of a-z 0-9 _ - and begin with a letter or digit'),
  description: z.string().min(1, 'must say when to use the agent').max(4_096),
  model: z.string().min(1).max(512).nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
  maxTurns: z.number().int().min(1).max(100).nullish(),
  tools: toolList.nullish(),
});

/** Model words of `.claude/agents` files, which name no model of a fleet. */
const foreignModels: ReadonlySet<string> = new Set(['inherit', 'default', 'sonnet', 'opus', 'haiku']);

/** Options that people set most; no agent file has them beside `options`. */
const optionNames = [
  'num_predict',
  'num_ctx',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'stop',
  'repeat_penalty',
];

/** @throws DefinitionError naming `file` and the field at fault */
export function parseDefinition(file: string, text: string): AgentDefinition {
  const { fields, body } = parseFrontMatter(file, text);
  const parsed = fieldsSchema.safeParse(fields);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DefinitionError(file, issue?.path.join('.') || 'front matter', issue?.message ?? 'is invalid');
  }
  const misplaced = optionNames.find((name) => name in fields);
  if (misplaced !== undefined) {
    // A formatter that does not know front matter takes the indentation out, and the options would be lost unsaid.
    throw new DefinitionError(
      file,
      misplaced,
      'stands beside options: indent it under them, or write options: { … }',
    );
  }
  if (body === '') throw new DefinitionError(file, 'body', 'is empty: it is the system prompt');
  if (body.length > maxPromptChars) {
    throw new DefinitionError(
      file,
      'body',
      `has ${body.length} characters; a system prompt may have ${maxPromptChars}`,
    );
  }
  const { name, description, model, options, maxTurns, tools } = parsed.data;
  return Object.freeze({
    type: name,
    description,
    model: model && !foreignModels.has(model) ? model : undefined,
    options: Object.freeze({ ...options }),
    maxTurns: maxTurns ?? 1,
    tools: tools ?? [],
    systemPrompt: body,
  });
}
