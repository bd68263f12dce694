import type { Reply } from '../../inference/answer-dialect.ts';
import type { RequestFailure } from '../../errors.ts';
import { jsonType } from '../native/native-dialect.ts';

/** An error of our own routes. Codes are stable, texts are not. */
export function ownError(failure: RequestFailure, requestId: string): Reply {
  const { status, code, message, field } = failure;
  const error = { code, message, ...(field !== undefined && { field }), requestId };
  return { status, contentType: jsonType, body: JSON.stringify({ error }) };
}

export function ownJson(value: unknown, status = 200): Reply {
  return { status, contentType: jsonType, body: JSON.stringify(value) };
}
