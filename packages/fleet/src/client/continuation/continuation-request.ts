import type { FleetRequest } from '../fleet-client.ts';

/** What a continuation is made of: the fields of the client's request. */
export interface ContinuableRequest {
  readonly route: 'chat' | 'generate';
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Fields with which a continuation would not be sound: a tool call or a JSON text cannot be gone on with in the middle,
 * log probabilities and images do not pass through a raw prompt, and a stop text may stand across the seam.
 */
const unsound = ['tools', 'format', 'logprobs', 'top_logprobs', 'images', 'suffix', 'think'] as const;

/** The request if its broken stream may be continued on another host; undefined if not. */
export function readContinuable({
  route,
  body,
}: Pick<FleetRequest, 'route' | 'body'>): ContinuableRequest | undefined {
  if (route !== 'chat' && route !== 'generate') return undefined;
  const fields = parseObject(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  if (fields === undefined || unsound.some((name) => isStated(fields[name]))) return undefined;
  if (isStated(optionsOf(fields)['stop'])) return undefined;
  const { messages } = fields;
  const hasImages =
    Array.isArray(messages) && messages.some((message) => isStated(asObject(message)['images']));
  return hasImages ? undefined : { route, fields };
}

/** Asks Ollama for the text that its model gets for the request; no token is made. */
export function renderBody({ fields }: ContinuableRequest): Uint8Array {
  return encode({ ...fields, stream: false, _debug_render_only: true });
}

/** The text in the answer to `renderBody`; undefined where this Ollama does not render it. */
export function renderedPrompt(answer: string): string | undefined {
  const text = asObject(parseObject(answer)?.['_debug_info'])['rendered_template'];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** A request to `/api/generate` that goes on after `text`, of `tokens` tokens. */
export function continueBody(
  { fields }: ContinuableRequest,
  prompt: string,
  { text, tokens }: { readonly text: string; readonly tokens: number },
): Uint8Array {
  const { model, keep_alive: keepAlive } = fields;
  const options = { ...optionsOf(fields) };
  const limit = options['num_predict'];
  if (typeof limit === 'number' && limit > 0)
    options['num_predict'] = Math.max(1, Math.trunc(limit) - tokens);
  return encode({
    model,
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    ...(typeof fields['shift'] === 'boolean' && { shift: fields['shift'] }),
    options,
    stream: true,
    raw: true,
    prompt: prompt + text,
  });
}

/** The prompt that needs no rendering. */
export function rawPrompt({ route, fields }: ContinuableRequest): string | undefined {
  const { raw, prompt } = fields;
  return route === 'generate' && raw === true && typeof prompt === 'string' ? prompt : undefined;
}

function optionsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return asObject(fields['options']);
}

/** Whether a field asks for something: not missing, null, false, or an empty list or text. */
function isStated(value: unknown): boolean {
  if (Array.isArray(value) || typeof value === 'string') return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
