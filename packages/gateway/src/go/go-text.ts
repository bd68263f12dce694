const escaped = /[<>&\u2028\u2029]/g;

/** JSON as Go writes it: `<`, `>`, `&` and the two line separators as \u escapes, no spaces. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    escaped,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A Go string in quotes (`%q`), as error texts show it. */
export function goQuote(text: string): string {
  return JSON.stringify(text);
}

/** What Go calls the kind of a decoded JSON value. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
