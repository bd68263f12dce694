import { RawJson } from '../go-compat/raw-json.ts';

/** A JSON string of base64 text. Line breaks, which Go's decoder skips, are removed; nothing else needs an escape. */
export function base64Text(data: string): RawJson {
  return new RawJson(`"${/[\r\n]/.test(data) ? data.replace(/[\r\n]/g, '') : data}"`);
}

/** Whether Go's decoder of padded base64 accepts the text. */
export function isBase64(text: string): boolean {
  const bare = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, '') : text;
  return bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
}
