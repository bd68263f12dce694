import { nestedError, OllamaError } from '../errors.ts';
import type { SimModel } from '../model/model.ts';
import { renderTemplate, type TemplateScope } from '../model/template.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import type { ToolSpec } from '../text/utterance.ts';
import type { ChatCall, GenerateCall, Message } from './call.ts';

/** A prompt for the runner. */
export interface Prompt {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Assistant text that a native answer repeats in its first chunk. */
  readonly opening: string;
}

const PROMPT_TOO_LONG =
  'the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context length in settings, or use a model with a longer context length';
/** Tokens that are kept at the beginning when one long message is cut in the middle. */
const KEPT_FRONT_TOKENS = 4;

export interface PromptLimits {
  readonly numCtx: number;
  readonly truncate: boolean;
  readonly shift: boolean | null;
}

/** The complete text of a chat for the model. */
export function renderChat(call: ChatCall, model: SimModel): string {
  return renderMessages(withSystem(call.messages, model), call.tools, model);
}

/** The prompt of a chat. The oldest messages are removed until it fits; system messages and the last message stay. */
export function chatPrompt(
  call: ChatCall,
  model: SimModel,
  vocabulary: Vocabulary,
  limits: PromptLimits,
): Prompt {
  const messages = withSystem(call.messages, model);
  const native = model.path === 'native';
  const last = messages.at(-1);
  if (native && last?.role === 'assistant' && messages.at(-2)?.role === 'assistant')
    throw nestedError(
      400,
      'Cannot have 2 or more assistant messages at the end of the list.',
      'invalid_request_error',
    );
  const render = (removed: number): Omit<Prompt, 'opening'> => {
    const text = renderMessages(withoutOldest(messages, removed), call.tools, model);
    return { text, tokens: vocabulary.encode(text) };
  };
  const whole = render(0);
  const fits = ({ tokens }: Omit<Prompt, 'opening'>): boolean => tokens.length <= limits.numCtx;
  const cut =
    !limits.truncate || fits(whole) ? whole : render(fewestRemoved(messages, (n) => fits(render(n))));
  const opening = native && last?.role === 'assistant' ? last.content : '';
  return fit({ ...cut, opening }, native, vocabulary, limits);
}

/**
 * The smallest number of old messages whose removal makes the rest fit; if the rest never fits, the number of all
 * messages that may be removed. Uses a binary search, because rendering the rest once for each message would take
 * quadratic time.
 */
function fewestRemoved(messages: readonly Message[], fits: (removed: number) => boolean): number {
  let low = 1;
  let high = messages.filter(({ role }, i) => role !== 'system' && i < messages.length - 1).length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** The messages without the `removed` oldest ones. System messages and the last message always stay. */
function withoutOldest(messages: readonly Message[], removed: number): readonly Message[] {
  let left = removed;
  return messages.filter(({ role }, i) => {
    if (left === 0 || role === 'system' || i === messages.length - 1) return true;
    left -= 1;
    return false;
  });
}

/** Prompt of a generate call. */
export function renderGenerate(call: GenerateCall, model: SimModel, vocabulary: Vocabulary): string {
  const past = vocabulary.decode(call.context);
  if (call.raw) return past + call.prompt;
  const system = call.system === '' ? model.system : call.system;
  const scope: TemplateScope = { System: system, Prompt: call.prompt, Suffix: call.suffix, Response: '' };
  if (call.template !== '') return past + renderTemplate(call.template, scope);
  if (model.path === 'rendered' && !model.template.includes('.Messages'))
    return past + renderTemplate(model.template, scope);
  const messages = [...(system === '' ? [] : [message('system', system)]), message('user', call.prompt)];
  return past + renderMessages(messages, [], model);
}

export function generatePrompt(
  call: GenerateCall,
  model: SimModel,
  vocabulary: Vocabulary,
  limits: PromptLimits,
): Prompt {
  const text = renderGenerate(call, model, vocabulary);
  return fit(
    { text, tokens: vocabulary.encode(text), opening: '' },
    model.path === 'native',
    vocabulary,
    limits,
  );
}

function fit(prompt: Prompt, native: boolean, vocabulary: Vocabulary, limits: PromptLimits): Prompt {
  const { numCtx } = limits;
  const count = prompt.tokens.length;
  if (count <= numCtx) return prompt;
  if (!native && limits.shift === false) throw new OllamaError(400, PROMPT_TOO_LONG, 'runner');
  if (native || !limits.truncate) {
    const text = `request (${count} tokens) exceeds the available context size (${numCtx} tokens), try increasing it`;
    throw nestedError(400, text, 'exceed_context_size_error', { n_prompt_tokens: count, n_ctx: numCtx });
  }
  const tail = Math.max(1, Math.floor(numCtx / 2) - 2);
  const tokens = [...prompt.tokens.slice(0, KEPT_FRONT_TOKENS), ...prompt.tokens.slice(-tail)];
  return { ...prompt, tokens, text: vocabulary.decode(tokens) };
}

function withSystem(messages: readonly Message[], model: SimModel): readonly Message[] {
  if (model.system === '' || messages.some((each) => each.role === 'system')) return messages;
  return [message('system', model.system), ...messages];
}

function renderMessages(messages: readonly Message[], tools: readonly ToolSpec[], model: SimModel): string {
  const merged = mergeNeighbours(
    tools.length === 0 ? messages : [message('system', toolText(tools)), ...messages],
  );
  const open = merged.at(-1)?.role === 'assistant';
  if (model.path === 'native') return renderOpenChatml(merged, open);
  return renderTemplate(model.template, {
    Messages: merged.map((each, i) => ({
      Role: each.role,
      Content: each.content + each.toolCalls,
      Open: open && i === merged.length - 1,
    })),
    Open: open,
    System: merged.find((each) => each.role === 'system')?.content ?? '',
    Prompt: merged.findLast((each) => each.role === 'user')?.content ?? '',
  });
}

function renderOpenChatml(messages: readonly Message[], open: boolean): string {
  const turns = messages.map(
    (each, i) =>
      `<|im_start|>${each.role}\n${each.content}${each.toolCalls}${open && i === messages.length - 1 ? '' : '<|im_end|>\n'}`,
  );
  return turns.join('') + (open ? '' : '<|im_start|>assistant\n');
}

/** Joins neighbours of the same role to one message, with a blank line between them, as Ollama does. */
function mergeNeighbours(messages: readonly Message[]): readonly Message[] {
  const merged: Message[] = [];
  for (const each of messages) {
    const last = merged.at(-1);
    if (last && last.role === each.role && each.role !== 'tool')
      merged[merged.length - 1] = { ...last, content: `${last.content}\n\n${each.content}` };
    else merged.push(each);
  }
  return merged;
}

function toolText(tools: readonly ToolSpec[]): string {
  return `# Tools\n\n<tools>\n${tools.map((tool) => JSON.stringify(tool)).join('\n')}\n</tools>`;
}

function message(role: string, content: string): Message {
  return { role, content, imageCount: 0, toolCalls: '' };
}
