/**
 * Bytes as a string with one character for each byte (Latin-1). Bodies are read in this form: every byte is kept, and the
 * engine needs half the memory of a string with a character outside Latin-1, and scans the string faster.
 */

const highBytes = /[\x80-\xff]/;
const notAscii = /[^\0-\x7f]/;

/** The text that the bytes are in UTF-8. */
export function fromByteText(bytes: string): string {
  return highBytes.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** The bytes of a text in UTF-8. */
export function toByteText(text: string): string {
  return notAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}
