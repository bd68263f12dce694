import { isObject } from '../go-compat/go-text.ts';

/** Error text of a native error line or body. */
export function errorText(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (isObject(value) && typeof value.error === 'string' && value.error !== '') return value.error;
    if (isObject(value)) return 'something went wrong, please see the ollama server logs for details';
  } catch {
    // Not JSON: the whole body is the message, as in Ollama.
  }
  return body;
}
