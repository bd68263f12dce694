import { RequestFailure } from '../../errors.ts';
import type { RawJson } from '../../go-compat/raw-json.ts';
import { writeJsonBytes } from '../../go-compat/write-json.ts';
import { headerNames, ignoredFields } from '../../translation/ignored-fields.ts';
import {
  forceCall,
  type ForcedCall,
  type OfferedTool,
  type ToolChoice,
  withInstruction,
} from '../../translation/tool-choice.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { fromMessage, joinedText, type LeftOut } from './message-content.ts';
import { messagesFields, type MessagesFields, type MessageTool, readMessages } from './messages-fields.ts';

/** A `/v1/messages` request, translated. */
export interface TranslatedMessages {
  readonly model: string;
  readonly stream: boolean;
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: Buffer;
  /** The same without `think`, for a model that cannot think; undefined if the request does not ask for thoughts. */
  readonly bodyWithoutThink: (() => Buffer) | undefined;
  /** The call that the answer must be. */
  readonly forced: ForcedCall | undefined;
  /** Guess of the size of the prompt. */
  readonly estimatedTokens: number;
}

/** Ollama accepts `metadata` and does not use it. */
const used = Object.keys(messagesFields).filter((field) => field !== 'metadata');

const harmless = { service_tier: 'auto' } as const;

/**
 * Translates a `/v1/messages` body to `/api/chat` as Ollama does, with these deliberate differences: `tool_choice` is
 * obeyed, `output_config.format` becomes Ollama's `format`, tools that Anthropic's servers run are left out, and
 * messages without content are refused (Ollama then only loads the model).
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export function translateMessages(bytes: Buffer): TranslatedMessages {
  const request = readMessages(bytes);
  checkRequired(request);
  const leftOut: LeftOut = new Set();
  const turns = (request.messages ?? []).flatMap((param) => fromMessage(param, leftOut));
  if (turns.length === 0) throw refuse('messages', 'messages must hold some content');
  const system = joinedText(request.system, leftOut);
  const messages = system === undefined ? turns : [{ role: 'system', content: system }, ...turns];
  const tools = offeredTools(request.tools ?? [], leftOut);
  const choice = toolChoiceOf(request.tool_choice, leftOut);
  const forced = choice.kind === 'call' ? forceCall(choice.name, tools) : undefined;
  const stream = request.stream ?? false;
  const think = thinkOf(request, leftOut);
  const write = (thinks: typeof think): Buffer =>
    writeJsonBytes({
      model: request.model ?? '',
      messages: forced ? withInstruction(messages, forced.instruction) : messages,
      stream,
      format: forced?.format ?? formatOf(request.output_config?.format, leftOut),
      tools: choice.kind === 'auto' && tools.length > 0 ? tools.map(nativeTool) : undefined,
      think: thinks,
      options: {
        num_predict: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        top_k: request.top_k,
        stop: request.stop_sequences?.length ? request.stop_sequences : undefined,
      },
    });
  return {
    model: request.model ?? '',
    stream,
    ignored: headerNames([...ignoredFields(request, used, harmless), ...leftOut]),
    body: write(think),
    bodyWithoutThink: think === undefined || think === false ? undefined : () => write(undefined),
    forced,
    estimatedTokens: estimateTokens(request),
  };
}

function checkRequired(request: MessagesFields): void {
  if (!request.model) throw refuse('model', 'model is required');
  if ((request.max_tokens ?? 0) <= 0)
    throw refuse('max_tokens', 'max_tokens is required and must be positive');
  if (!request.messages?.length) throw refuse('messages', 'messages is required');
}

/** The tools that the client runs itself. */
function offeredTools(tools: readonly MessageTool[], leftOut: LeftOut): readonly OfferedTool[] {
  const own: OfferedTool[] = [];
  for (const { type, name = '', description, input_schema: parameters, ...others } of tools) {
    if ('cache_control' in others) leftOut.add('cache_control');
    if (type === undefined || type === 'custom') own.push({ name, description, parameters });
    else leftOut.add(`tools.${type}`);
  }
  return own;
}

function nativeTool({ name, description, parameters }: OfferedTool): object {
  return { type: 'function', function: { name, description: description || undefined, parameters } };
}

function toolChoiceOf(choice: MessagesFields['tool_choice'], leftOut: LeftOut): ToolChoice {
  if (choice?.disable_parallel_tool_use === true) leftOut.add('tool_choice.disable_parallel_tool_use');
  switch (choice?.type) {
    case 'none':
      return { kind: 'none' };
    case 'any':
      return { kind: 'call' };
    case 'tool':
      return { kind: 'call', name: choice.name ?? '' };
    default:
      return { kind: 'auto' };
  }
}

/** The schema of Anthropic's structured outputs. */
function formatOf(format: RawJson | undefined, leftOut: LeftOut): RawJson | undefined {
  if (format === undefined || format.kind === 'null') return undefined;
  const parts = format.members();
  const schema = parts.get('schema');
  if (parts.get('type')?.string === 'json_schema' && schema?.kind === 'object') return schema;
  leftOut.add('output_config.format');
  return undefined;
}

function thinkOf(
  { thinking, output_config }: MessagesFields,
  leftOut: LeftOut,
): boolean | string | undefined {
  if (thinking?.budget_tokens !== undefined) leftOut.add('thinking.budget_tokens');
  if (thinking?.type === 'enabled') return true;
  if (thinking?.type === 'disabled') return false;
  const effort = output_config?.effort?.trim().toLowerCase();
  if (effort === 'xhigh') return 'high';
  return ['high', 'medium', 'low', 'max'].find((level) => level === effort);
}

function refuse(field: string, text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field });
}
