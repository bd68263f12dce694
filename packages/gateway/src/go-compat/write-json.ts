import { toByteText } from './byte-text.ts';
import { RawJson } from './raw-json.ts';

/** Writes a string, number, boolean or null. */
type Scalar = (value: unknown) => string;

/**
 * Writes a value, whose raw parts are text (not byte text), as JSON without members that are undefined. Recursive: only
 * code of the gateway builds the nested values, so their depth is small; raw parts are not entered.
 */
export function writeJson(value: unknown, scalar: Scalar): string {
  // Joined once at the end, so that a long text is not copied at each level.
  const parts: string[] = [];
  write(value, scalar, (raw) => raw.text, parts);
  return parts.join('');
}

/** Writes a value as JSON in UTF-8. Raw parts of byte text keep their bytes. */
export function writeJsonBytes(value: unknown): Buffer {
  const parts: string[] = [];
  write(value, byteScalar, ({ isBytes, text }) => (isBytes ? text : toByteText(text)), parts);
  return Buffer.from(parts.join(''), 'latin1');
}

function byteScalar(value: unknown): string {
  return toByteText(JSON.stringify(value));
}

function write(value: unknown, scalar: Scalar, rawText: (raw: RawJson) => string, parts: string[]): void {
  if (value instanceof RawJson) parts.push(rawText(value));
  else if (Object.is(value, -0)) parts.push('-0');
  else if (typeof value !== 'object' || value === null) parts.push(scalar(value));
  else if (Array.isArray(value)) {
    let before = '[';
    for (const element of value) {
      parts.push(before);
      write(element, scalar, rawText, parts);
      before = ',';
    }
    parts.push(value.length === 0 ? '[]' : ']');
  } else {
    let before = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      parts.push(before, scalar(key), ':');
      write(member, scalar, rawText, parts);
      before = ',';
    }
    parts.push(before === '{' ? '{}' : '}');
  }
}
