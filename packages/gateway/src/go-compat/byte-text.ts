// Byte text: a string with one character for each byte (Latin-1). Bodies are read in this form, because it keeps every
// byte, needs half the memory of a string with a character outside Latin-1, and is faster to scan.

const highBytes = /[\x80-\xff]/;
const notAscii = /[^\0-\x7f]/;

/** Decodes byte text as UTF-8. */
export function fromByteText(bytes: string): string {
  return highBytes.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** Encodes a text as the byte text of its UTF-8. */
export function toByteText(text: string): string {
  return notAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}
