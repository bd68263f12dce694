/**
 * What a host's error answer is about. `request`: every host would answer the same, so the client gets the answer at
 * once · `way`: the proxy in front of this host rejects the request (for example its size); another host may accept the
 * request, and this host is healthy · `model`: this model on this host (too little memory, a crashed runner, not
 * pulled) · `instance`: this host for every model (busy, behind a failing proxy, without its own back end).
 */
export type RefusalSubject = 'request' | 'way' | 'model' | 'instance';

/** Statuses of a proxy about the size of one request. */
const sizeStatuses = new Set([413, 414, 431]);

/** Statuses below 500 that concern the host: its proxy asks for credentials, or the host is overloaded. */
const hostStatuses = new Set([401, 403, 407, 408, 425, 429]);

/**
 * Texts of answers with status 500 that Ollama or its runner sends because the request is wrong. Contains only texts
 * that no state of a host can cause.
 */
const requestTexts = [
  'image input is not supported',
  'does not support',
  'exceed_context_size_error',
  'exceeds the available context size',
  'prompt is longer than the context length',
  'input length exceeds',
  'invalid_request_error',
  'invalid image',
  'image: unknown format',
  'failed to load image',
  'token repeat limit reached',
  'invalid format',
  'failed to parse grammar',
];

/**
 * Classifies an error answer by its status and, for a 500, by Ollama's text. A 500 that is not known to be a fault of
 * the request counts against the model: a host that cannot run one model may run the others. 404 and 405 mean that this
 * host lacks the model or the route. `foreign`: the answer did not come from Ollama, so another host may answer
 * differently even for a 400.
 */
export function refusalSubject(status: number, text: string, foreign = false): RefusalSubject {
  if (status === 404 || status === 405) return 'model';
  if (foreign) return sizeStatuses.has(status) ? 'way' : 'instance';
  if (hostStatuses.has(status)) return 'instance';
  if (status < 500 || status === 501) return 'request';
  if (status !== 500) return 'instance';
  const lowered = text.slice(0, maxJudgedChars).toLowerCase();
  return requestTexts.some((known) => lowered.includes(known)) ? 'request' : 'model';
}

const maxJudgedChars = 8_192;

/** An error answer, classified for decisions and with text for display. */
export interface Refusal {
  readonly subject: RefusalSubject;
  /** Ollama's error text, shortened. */
  readonly text: string;
}

const maxTextUnits = 300;

/** True for a line of a stream that contains only an error of Ollama. */
export function isErrorLine(line: string): boolean {
  return line.startsWith('{"error":');
}

/**
 * Reads an error answer from its status and its body, or from the first line of a stream: older versions of Ollama send
 * an error as the first line of a stream with status 200, which counts as 500.
 */
export function readRefusal(status: number, body: string, foreign = false): Refusal {
  const text = errorText(body);
  return { subject: refusalSubject(status < 400 ? 500 : status, text, foreign), text: shorten(text) };
}

function errorText(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('error' in value)) return body;
    return typeof value.error === 'string' ? value.error : JSON.stringify(value.error);
  } catch {
    return body;
  }
}

function shorten(text: string): string {
  return text.length > maxTextUnits ? `${text.slice(0, maxTextUnits)}…` : text;
}
