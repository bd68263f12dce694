import { jsonType, type FailureFormat, type Reply } from '../../http/reply.ts';

/** Error format of Drover's own routes. Codes are stable, texts are not. */
export const droverError: FailureFormat = ({ status, code, message, field, facts }, requestId) => {
  const error = { code, message, ...(field !== undefined && { field }), ...facts, requestId };
  return droverJson({ error }, status);
};

export function droverJson(value: unknown, status = 200): Reply {
  return { status, contentType: jsonType, body: JSON.stringify(value) };
}
