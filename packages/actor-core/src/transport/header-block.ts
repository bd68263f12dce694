/** Headers of one message by name. Names are case-sensitive, as NATS sends them. */
export type HeaderFields = Readonly<Record<string, string>>;

const versionLine = 'NATS/1.0\r\n';
const lineEnd = '\r\n';

/**
 * The bytes of a header block (ADR-4). Values must not contain line breaks: a value is an identifier, a number or a
 * subject, never text of a user.
 */
export function encodeHeaderBlock(fields: HeaderFields): Uint8Array {
  let block = versionLine;
  for (const name in fields) block += `${name}: ${fields[name]}${lineEnd}`;
  return Buffer.from(block + lineEnd);
}

/** The fields of a header block. Of a repeated name the first value is kept. */
export function decodeHeaderBlock(block: Uint8Array): Record<string, string> {
  const fields: Record<string, string> = {};
  // A view of the block, not a copy.
  const text = Buffer.from(block.buffer, block.byteOffset, block.length).toString();
  for (let at = nextLine(text, 0); at < text.length; at = nextLine(text, at)) {
    const colon = text.indexOf(':', at);
    if (colon === -1) break;
    const end = text.indexOf(lineEnd, at);
    if (colon > at && (end === -1 || colon < end))
      fields[text.slice(at, colon)] ??= text.slice(colon + 1, end === -1 ? undefined : end).trim();
  }
  return fields;
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf(lineEnd, from);
  return end === -1 ? text.length : end + lineEnd.length;
}
