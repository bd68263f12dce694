import { STATUS_CODES } from 'node:http';

/**
 * Kind of an answer, from its status and content type. `lines`: NDJSON, passed on line by line · `whole`: one JSON
 * value, possibly an error · `foreign`: an error that does not have Ollama's format, for example of a proxy in front of
 * Ollama · `nonsense`: not Ollama's protocol, with the reason as text.
 */
export type AnswerKind =
  | { readonly kind: 'lines' | 'whole' | 'foreign' }
  | { readonly kind: 'nonsense'; readonly reason: string };

/** Classifies an answer by its status and content type. The reasons may reach a client, so they contain no address. */
export function decideAnswerKind(status: number, contentType: string): AnswerKind {
  if (status >= 300 && status < 400) {
    return { kind: 'nonsense', reason: `status ${status} redirects; Ollama never redirects these routes` };
  }
  const type = mediaType(contentType);
  if (type === 'application/x-ndjson') return { kind: 'lines' };
  if (type === 'application/json') return { kind: 'whole' };
  if (status === 403 && type === '') {
    return {
      kind: 'nonsense',
      reason:
        'status 403 without a body: this Ollama refuses the Host or Origin; set OLLAMA_HOST or OLLAMA_ORIGINS there',
    };
  }
  if (status >= 400) return { kind: 'foreign' };
  return {
    kind: 'nonsense',
    reason: `status ${status} with content type ${type === '' ? '(none)' : type} is not an answer of Ollama`,
  };
}

/**
 * A foreign error in Ollama's format. The original text is not passed on, because it may be a page with names of
 * machines.
 */
export function foreignError(status: number, contentType: string): string {
  const type = mediaType(contentType);
  const phrase = STATUS_CODES[status] ?? 'unknown status';
  const what = type === '' ? 'no content type' : type;
  return JSON.stringify({ error: `the host answered ${status} ${phrase} (${what}, not from Ollama)` });
}

function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
