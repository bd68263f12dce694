import { can, type SimModel } from '../model/model.ts';
import { type Random, seededRandom, seedOfText } from './random.ts';
import { countingSource } from './counting.ts';
import { valueFor } from './json-value.ts';
import { fixedSource, inSequence, tokensOf } from './sequence.ts';
import { content, type Token, type TokenSource, type ToolCall } from './token.ts';
import { cutTokens } from './vocabulary.ts';
import { greedySource, WORDS, wordSource } from './words.ts';

const ASSISTANT_TURN = '<|im_start|>assistant\n';

/** Format of the answer. */
export type AnswerFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | { readonly kind: 'schema'; readonly schema: object };

export interface ToolSpec {
  readonly name: string;
  readonly parameters: unknown;
}

/** Everything that decides the text of a model. */
export interface UtteranceRequest {
  readonly model: SimModel;
  /** Seed of the random choice; null: greedy (temperature 0). */
  readonly seed: number | null;
  /** Text before the first token: a rendered prompt, or the assistant text to continue. */
  readonly textBefore: string;
  readonly format: AnswerFormat;
  readonly tools: readonly ToolSpec[];
  readonly lastIsToolResult: boolean;
  /** Whether the model thinks before it answers. */
  readonly thinks: boolean;
  /** True: thinking has its own channel. False: thinking and its closing tag are part of the content. */
  readonly separatesThinking: boolean;
}

/** The text of the model. Pure. */
export function utter(request: UtteranceRequest): TokenSource {
  const random = seededRandom(request.seed ?? seedOfText(promptOf(request.textBefore)));
  const answer = answerSource(request, random);
  if (!request.thinks || !can(request.model, 'thinking')) return answer;
  return inSequence(thinkingSource(request, random), answer);
}

function answerSource(request: UtteranceRequest, random: Random): TokenSource {
  const { model, format, tools } = request;
  const tool = tools[0];
  if (tool && callsTool(request)) return callSource(model, tools, tool, random);
  if (format.kind === 'json') return model.jsonStalls ? stallSource() : jsonSource({ answer: 'it is so' });
  if (format.kind === 'schema') return jsonSource(valueFor(format.schema, random));
  if (model.utterance === 'count') return countingSource(request.textBefore);
  const words = model.words ?? WORDS;
  const length = lengthOf(
    model,
    seededRandom(seedOfText(promptOf(request.textBefore)) ^ (request.seed ?? 0)),
  );
  if (request.seed !== null) return wordSource(words, random, length);
  const spokenTokens = cutTokens(answerSoFar(request.textBefore)).length;
  return greedySource(words, request.textBefore, length === null ? null : Math.max(0, length - spokenTokens));
}

/**
 * Position at which the text of the last assistant turn begins in a rendered prompt. The length of the prompt if there
 * is no such turn.
 */
function turnStart(textBefore: string): number {
  const at = textBefore.lastIndexOf(ASSISTANT_TURN);
  return at < 0 ? textBefore.length : at + ASSISTANT_TURN.length;
}

function promptOf(textBefore: string): string {
  return textBefore.slice(0, turnStart(textBefore));
}

function answerSoFar(textBefore: string): string {
  return textBefore.slice(turnStart(textBefore));
}

function lengthOf(model: SimModel, random: Random): number | null {
  if (!model.endsAfterTokens) return null;
  const [least, most] = model.endsAfterTokens;
  return least + Math.floor(random() * (most - least + 1));
}

function callsTool({ model, lastIsToolResult }: UtteranceRequest): boolean {
  return model.toolHabit === 'always' || (model.toolHabit === 'until-result' && !lastIsToolResult);
}

function callSource(
  model: SimModel,
  tools: readonly ToolSpec[],
  first: ToolSpec,
  random: Random,
): TokenSource {
  const call: ToolCall = model.toolCall ?? {
    name: first.name,
    arguments: asObject(valueFor(first.parameters, random)),
  };
  const spelled = `<tool_call>\n{"name": "${call.name}", "arguments": ${spacedJson(call.arguments)}}\n</tool_call>`;
  const tokens: Token[] = [
    { text: '<tool_call>', channel: 'call' },
    ...Array.from({ length: model.toolCallTokens }, (_, n): Token => ({ text: ` ${n}`, channel: 'call' })),
    { text: '</tool_call>', channel: 'call' },
  ];
  const callError = fitsAnyTool(call, tools) ? null : grammarError(spelled);
  return { ...fixedSource(tokens, call), callError };
}

/** False for arguments that the schema of the tool does not name, which make the grammar of the runner fail. */
function fitsAnyTool(call: ToolCall, tools: readonly ToolSpec[]): boolean {
  const tool = tools.find((offered) => offered.name === call.name);
  const properties = asObject(asObject(tool?.parameters)['properties']);
  return tool !== undefined && Object.keys(call.arguments).every((key) => key in properties);
}

function grammarError(piece: string): string {
  const exception = `got exception: Unexpected empty grammar stack after accepting piece: ${piece} (416)`;
  return `llama-server chat error: map[code:500 message:${exception} type:server_error]`;
}

function thinkingSource(request: UtteranceRequest, random: Random): TokenSource {
  const channel = request.separatesThinking ? 'thinking' : 'content';
  const closing: Token = { text: '</think>', channel: request.separatesThinking ? 'control' : 'content' };
  return inSequence(
    wordSource(request.model.words ?? WORDS, random, request.model.thinkTokens, channel),
    fixedSource([closing]),
  );
}

function jsonSource(value: unknown): TokenSource {
  return fixedSource(tokensOf(JSON.stringify(value), 'content'));
}

/** `{` and then white space without end, as tiny models do in JSON mode. */
function stallSource(): TokenSource {
  let started = false;
  return {
    toolCall: null,
    next() {
      if (started) return content(' ');
      started = true;
      return content('{');
    },
  };
}

function spacedJson(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ').replace('{ ', '{').replace(/ \}$/, '}');
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
