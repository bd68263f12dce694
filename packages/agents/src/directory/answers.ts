import type { DirectoryAnswer } from '../protocol/directory-answer.ts';

/** Error answers that more than one decision gives. */

export function noSuchAgent(id: string): DirectoryAnswer {
  return errorAnswer('agent-not-found', `no agent ${id}; list the agents to see their ids`);
}

export function errorAnswer(
  code: Extract<DirectoryAnswer, { kind: 'error' }>['code'],
  message: string,
  retryAfterMs = 0,
): Extract<DirectoryAnswer, { kind: 'error' }> {
  return { kind: 'error', code, message, retryAfterMs };
}
