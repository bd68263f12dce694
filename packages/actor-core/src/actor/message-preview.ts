/** Bounded preview of a message from another node that was rejected. */
export interface MessagePreview {
  /**
   * The message's `type` or `kind`, the first string of a tuple, or else the type of the value. At most 64 characters.
   */
  readonly tag: string;
  /** Start of the message as text, at most 200 characters. */
  readonly text: string;
}

const maxTagLength = 64;
const maxTextLength = 200;
/** Limits of the preview: fields and items shown, and nesting depth. */
const maxShown = 8;
const maxDepth = 2;
const maxStringLength = 48;

/** Reads only a bounded part of the message. */
export function previewOf(message: unknown): MessagePreview {
  return { tag: cut(tagOf(message), maxTagLength), text: cut(show(message, 0), maxTextLength) };
}

function tagOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return message === null ? 'null' : typeof message;
  if (Array.isArray(message)) return typeof message[0] === 'string' ? message[0] : 'array';
  for (const field of ['type', 'kind'] as const) {
    const value = (message as Record<string, unknown>)[field];
    if (typeof value === 'string') return value;
  }
  return message.constructor?.name ?? 'object';
}

function show(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, maxStringLength));
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (depth >= maxDepth) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) {
    const items = value.slice(0, maxShown).map((item) => show(item, depth + 1));
    return `[${items.join(', ')}${value.length > maxShown ? ', …' : ''}]`;
  }
  const fields: string[] = [];
  for (const name in value) {
    if (fields.length === maxShown) {
      fields.push('…');
      break;
    }
    fields.push(
      `${cut(name, maxStringLength)}: ${show((value as Record<string, unknown>)[name], depth + 1)}`,
    );
  }
  return `{${fields.join(', ')}}`;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
