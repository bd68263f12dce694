import { z } from 'zod';
import { DefinitionError } from './definition-error.ts';
import { parseFrontMatter } from './front-matter.ts';

/** One type of agent, from a Markdown file with front matter. */
export interface AgentDefinition {
  /** The name that `spawn` takes. */
  readonly type: string;
  readonly description: string;
  /**
   * Preferred model. If it is undefined, or the fleet does not have this model, the default model of the fleet is used.
   */
  readonly model: string | undefined;
  /** Ollama's runner options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Maximum number of model calls of one task. @default 1 */
  readonly maxTurns: number;
  /** Names of tools; read, but not yet used by the agent. */
  readonly tools: readonly string[];
  readonly systemPrompt: string;
}

/** A type is a valid subject token. */
const typePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const maxPromptChars = 65_536;

const toolList = z
  .union([z.array(z.string()), z.string()])
  .transform((tools) =>
    (Array.isArray(tools) ? tools : tools.split(','))
      .map((tool) => tool.trim())
      .filter((tool) => tool !== ''),
  );

/** Ignores fields of agent files for other tools (`color`, `permissionMode`, …). */
const fieldsSchema = z.looseObject({
  name: z.string().regex(typePattern, 'must be 1 to 64 of a-z 0-9 _ - and begin with a letter or digit'),
  description: z.string().min(1, 'must say when to use the agent').max(4_096),
  model: z.string().min(1).max(512).nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
  maxTurns: z.number().int().min(1).max(100).nullish(),
  tools: toolList.nullish(),
});

/** Model names of `.claude/agents` files that never mean a model of the fleet. */
const foreignModels: ReadonlySet<string> = new Set(['inherit', 'default', 'sonnet', 'opus', 'haiku']);

/** Frequent Ollama options. As fields beside `options` they show that the indentation was lost. */
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

/** @throws DefinitionError naming `file` and the invalid field */
export function parseDefinition(file: string, text: string): AgentDefinition {
  const { fields, body } = parseFrontMatter(file, text);
  const { name, description, model, options, maxTurns, tools } = requireFields(file, fields);
  requirePrompt(file, body);
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

function requireFields(
  file: string,
  fields: Readonly<Record<string, unknown>>,
): z.infer<typeof fieldsSchema> {
  const parsed = fieldsSchema.safeParse(fields);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DefinitionError(file, issue?.path.join('.') || 'front matter', issue?.message ?? 'is invalid');
  }
  const misplaced = optionNames.find((name) => name in fields);
  if (misplaced !== undefined) {
    // Some Markdown formatters remove the indentation of front matter, and the option would be ignored silently.
    throw new DefinitionError(
      file,
      misplaced,
      'is a field beside options: indent it under options, or write options: { … }',
    );
  }
  return parsed.data;
}

function requirePrompt(file: string, body: string): void {
  if (body === '') throw new DefinitionError(file, 'body', 'is empty: it must contain the system prompt');
  if (body.length <= maxPromptChars) return;
  const detail = `has ${body.length} characters; a system prompt may have ${maxPromptChars}`;
  throw new DefinitionError(file, 'body', detail);
}
