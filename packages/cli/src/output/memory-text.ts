import type { MemoryChange, MemoryListItem } from '../gateway-client/memory-api.ts';
import { alignColumns } from './columns.ts';
import { printable } from './figures.ts';

/** The keys of a scope as a table. */
export function memoryListLines(items: readonly MemoryListItem[]): string[] {
  return alignColumns([
    ['KEY', 'BYTES', 'REVISION', 'EXPIRES'],
    ...items.map(({ key, bytes, revision, expiresAt }) => [
      printable(key),
      String(bytes),
      String(revision),
      expiresAt ?? '-',
    ]),
  ]);
}

/** One event as a line. */
export function memoryEventLine({ type, key, revision, ...facts }: MemoryChange): string {
  const details = ['bytes', 'contentType', 'resolution', 'policy', 'node', 'reason']
    .filter((name) => facts[name] !== undefined)
    .map((name) => `${name}=${String(facts[name])}`);
  const shown = [type, key, revision === undefined ? undefined : `revision=${revision}`, ...details];
  return printable(shown.filter((part) => part !== undefined).join('  '));
}
