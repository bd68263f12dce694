/**
 * What Ollama's status line announces. `lines`: NDJSON, passed on as it comes · `whole`: one JSON value, errors
 * included · `nonsense`: not Ollama's protocol, with the reason in words.
 */
export type AnswerKind =
  | { readonly kind: 'lines' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'nonsense'; readonly reason: string };

/** Judges an answer by its status and content type alone. */
export function decideAnswerKind(status: number, contentType: string, location: string): AnswerKind {
  if (status >= 300 && status < 400) {
    return {
      kind: 'nonsense',
      reason: `status ${status} redirects to ${location === '' ? 'nowhere' : location}; Ollama never redirects these routes`,
    };
  }
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === 'application/x-ndjson') return { kind: 'lines' };
  if (type === 'application/json') return { kind: 'whole' };
  if (status === 403 && type === '') {
    return {
      kind: 'nonsense',
      reason:
        'status 403 without a body: this Ollama refuses the Host or Origin; set OLLAMA_HOST or OLLAMA_ORIGINS there',
    };
  }
  return {
    kind: 'nonsense',
    reason: `status ${status} with content type ${type === '' ? '(none)' : type} is not an answer of Ollama`,
  };
}
