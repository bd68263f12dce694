import { InvalidArgumentError } from '../errors.ts';

const maxNameBytes = 64;
const maxIdBytes = 128;
/** Texts that are tokens of a subject and names of a consumer as they are. The others begin with `_`. */
const plain = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;
const encodedMark = '_';

/**
 * The queue as a token of subjects: letters, digits, `-` and `_` as they are, any other text as `_` and base64url.
 *
 * @throws InvalidArgumentError naming `queue` unless it has 1 to 64 bytes and no control character
 */
export function queueToken(queue: string): string {
  return token('queue', queue, maxNameBytes);
}

/**
 * The id of a message as a token of subjects.
 *
 * @throws InvalidArgumentError naming `id` unless it has 1 to 128 bytes and no control character
 */
export function idToken(id: string): string {
  return token('id', id, maxIdBytes);
}

/** The text of a token. */
export function textOfToken(text: string): string {
  return text.startsWith(encodedMark) ? Buffer.from(text.slice(1), 'base64url').toString('utf8') : text;
}

function token(field: string, text: string, maxBytes: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > maxBytes)
    throw new InvalidArgumentError(field, `must have 1 to ${maxBytes} bytes (got ${bytes})`);
  if (/\p{Cc}/u.test(text) || !text.isWellFormed())
    throw new InvalidArgumentError(field, 'must be well-formed Unicode without control characters');
  return plain.test(text) ? text : encodedMark + Buffer.from(text).toString('base64url');
}
