import type { JsonCursor } from './json-cursor.ts';

const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;

/**
 * Scans a number, `true`, `false` or `null`.
 *
 * @param code first character of the value
 * @throws RequestFailure 400 with Go's text
 */
export function scanScalar(cursor: JsonCursor, code: number): void {
  if (code === minus || isDigit(code)) scanNumber(cursor);
  else if (code === 0x74) scanLiteral(cursor, 'true');
  else if (code === 0x66) scanLiteral(cursor, 'false');
  else if (code === 0x6e) scanLiteral(cursor, 'null');
  else cursor.fail('looking for beginning of value');
}

function scanNumber(cursor: JsonCursor): void {
  const { text } = cursor;
  if (cursor.peek() === minus) cursor.at += 1;
  if (cursor.peek() === zero) cursor.at += 1;
  else scanDigits(cursor, 'in numeric literal');
  if (text.charCodeAt(cursor.at) === dot) {
    cursor.at += 1;
    scanDigits(cursor, 'after decimal point in numeric literal');
  }
  if ((text.charCodeAt(cursor.at) | 0x20) === 0x65) {
    cursor.at += 1;
    const sign = text.charCodeAt(cursor.at);
    if (sign === plus || sign === minus) cursor.at += 1;
    scanDigits(cursor, 'in exponent of numeric literal');
  }
}

function scanDigits(cursor: JsonCursor, context: string): void {
  if (!isDigit(cursor.peek())) cursor.fail(context);
  while (isDigit(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
}

function scanLiteral(cursor: JsonCursor, name: string): void {
  for (let index = 0; index < name.length; index++, cursor.at++) {
    if (cursor.peek() !== name.charCodeAt(index))
      cursor.fail(`in literal ${name} (expecting '${name[index]}')`);
  }
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}
