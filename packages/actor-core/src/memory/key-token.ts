const plain = /^[A-Za-z0-9_/-]+$/;
const plainByte = /[A-Za-z0-9_/-]/;

/**
 * Any text as one token of a subject: letters, digits, `_`, `-` and `/` as they are, every other byte of its UTF-8 as
 * `=` and two hexadecimal digits.
 */
export function encodeToken(text: string): string {
  if (plain.test(text)) return text;
  let token = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    token += plainByte.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** The text of a token that `encodeToken` made. */
export function decodeToken(token: string): string {
  if (!token.includes('=')) return token;
  const bytes = token.replace(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
