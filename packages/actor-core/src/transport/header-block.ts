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
  const lines = Buffer.from(block).toString().split(lineEnd);
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields[line.slice(0, colon)] ??= line.slice(colon + 1).trim();
  }
  return fields;
}
