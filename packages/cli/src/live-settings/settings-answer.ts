/** Settings of the cluster by key, as they are written in a file. */
export type SettingTexts = ReadonlyMap<string, string>;

/**
 * The bytes of a host's answer to a question for the settings: JSON, `{ v: 1, settings: [[key, value], …] }`. A host
 * that cannot read the store answers without `settings`.
 */
export function encodeSettings(settings: SettingTexts | undefined): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, ...(settings && { settings: [...settings] }) }));
}

/** Undefined for an answer without settings and for bytes that are no answer. */
export function decodeSettings(payload: Uint8Array): SettingTexts | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { v, settings } = answer as { readonly v?: unknown; readonly settings?: unknown };
  return v === 1 && Array.isArray(settings) && settings.every(isPair) ? new Map(settings) : undefined;
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
