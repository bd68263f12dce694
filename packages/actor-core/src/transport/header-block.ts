/** First line of every header block (ADR-4). */
const headerVersion = 'NATS/1.0\r\n';
const lineEnd = '\r\n';

/**
 * One line of a header block. Values must not contain line breaks: a value is an identifier, a number or a subject,
 * never text of a user.
 */
export function headerLine(name: string, value: string | number): string {
  return `${name}: ${value}${lineEnd}`;
}

/** A header block of lines. */
export function headerBlock(lines: string): string {
  return headerVersion + lines + lineEnd;
}

/** The fields of a header block. Of a repeated name the first value is kept. */
export function decodeHeaderBlock(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
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
