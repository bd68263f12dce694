/**
 * Bytes as a string with one character each (Latin-1). A body is read in this form: no byte of it is lost, whatever it
 * is, the engine holds it in half the memory of a text with one letter outside of Latin-1, and goes through it faster.
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
