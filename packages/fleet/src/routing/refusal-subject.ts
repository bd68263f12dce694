/**
 * What a host's answer without success speaks of. `request`: any host would say the same, so the client is told at
 * once · `way`: the request does not fit through what stands in front of this host; another one may take it, and the host
 * is well · `model`: this host and this model (too little memory, a runner that died, not pulled) · `instance`: this
 * host whatever the model (busy, behind a failing proxy, out of reach of its own back end).
 */
export type RefusalSubject = 'request' | 'way' | 'model' | 'instance';

/** Statuses of a proxy about the size of one request. */
const sizeStatuses = new Set([413, 414, 431]);

/** Answers below 500 that speak of the host: its proxy wants credentials, or it has too much to do. */
const hostStatuses = new Set([401, 403, 407, 408, 425, 429]);

/**
 * Texts of Ollama and its runner that come with 500 although the request is at fault. Only those that no state of a
 * host can cause.
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
 * Judges an answer without success by its status and, for a 500, by Ollama's own text. A 500 that is not known to be
 * the request's fault counts for the model: a host that cannot run one model may well run the others. 404 and 405 say that this host lacks the model or the
 * route. `foreign`: the answer is not Ollama's own, so that even a 400 may be different elsewhere.
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

/** What an answer without success says, for a decision and for people. */
export interface Refusal {
  readonly subject: RefusalSubject;
  /** Ollama's own words, shortened. */
  readonly text: string;
}

const maxTextUnits = 300;

/** True for a stream's line that is nothing but Ollama's error. */
export function isErrorLine(line: string): boolean {
  return line.startsWith('{"error":');
}

/**
 * Reads an answer without success out of its status and its body, or its first line where it is a stream: an error
 * where a stream was about to begin is 500 in older versions of Ollama.
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
