const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Where a member of a JSON object stands in the text; offsets in bytes. */
export interface MemberSpan {
  /** As it is written, escapes included. */
  readonly name: string;
  /** The opening quote of the name. */
  readonly start: number;
  readonly valueStart: number;
  /** The comma or brace after the value. */
  readonly end: number;
}

/**
 * The members of the JSON object whose brace is at `brace`, without those of the objects within it. Nothing is parsed:
 * for a text that is not JSON the spans are arbitrary, but within the text.
 */
export function* membersOf(json: Buffer, brace: number): Generator<MemberSpan, undefined> {
  let at = brace + 1;
  while (at < json.length) {
    const start = skipSpace(json, at);
    if (json[start] !== quote) return undefined;
    const nameEnd = stringEnd(json, start);
    const valueStart = skipSpace(json, skipSpace(json, nameEnd, colon));
    const end = valueEnd(json, valueStart);
    yield { name: json.toString('utf8', start + 1, nameEnd - 1), start, valueStart, end };
    if (json[end] !== comma) return undefined;
    at = end + 1;
  }
  return undefined;
}

/** Index of the first byte from `from` that is neither space nor `also`. */
export function skipSpace(json: Buffer, from: number, also = 0x20): number {
  let at = from;
  while (at < json.length && ((json[at] ?? 0) <= 0x20 || json[at] === also)) at += 1;
  return at;
}

/** Index after the closing quote of the string that begins at `start`. */
function stringEnd(json: Buffer, start: number): number {
  for (let end = json.indexOf(quote, start + 1); end >= 0; end = json.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  return json.length;
}

/** Index after the value that begins at `start`. */
function valueEnd(json: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) at = stringEnd(json, at);
    else if (depth === 0 && (byte === comma || byte === closeBrace)) return at;
    else {
      if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) depth -= 1;
      at += 1;
    }
  }
  return json.length;
}
