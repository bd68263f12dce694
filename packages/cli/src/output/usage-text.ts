import { alignColumns } from './columns.ts';

/** Sums of some usage. */
interface UsageCounts {
  readonly requests: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly gpuSeconds: number;
  readonly queueSeconds: number;
}

interface UsageRow extends UsageCounts {
  readonly hour?: string | undefined;
  readonly key?: string | undefined;
  readonly keyName?: string | undefined;
  readonly tenant?: string | undefined;
  readonly model?: string | undefined;
  readonly agent?: string | undefined;
}

/** What a gateway answers about usage. */
export interface UsageReport {
  readonly from: string;
  readonly until: string;
  readonly by: readonly string[];
  readonly rows: readonly UsageRow[];
  readonly total: UsageCounts;
  readonly complete: boolean;
}

const countColumns = ['requests', 'promptTokens', 'outputTokens', 'gpuSeconds', 'queueSeconds'] as const;
type Field = 'hour' | 'key' | 'tenant' | 'model' | 'agent';

/** A table for people, with the sum of all. */
export function usageLines({ by, rows, total, from, until }: UsageReport): readonly string[] {
  const fields = by as readonly Field[];
  const head = [
    ...fields.map((field) => field.toUpperCase()),
    'REQUESTS',
    'PROMPT',
    'OUTPUT',
    'GPU S',
    'QUEUE S',
  ];
  const lines = rows.map((row) => [
    ...fields.map((field) => cellOf(row, field)),
    ...countColumns.map((column) => String(row[column])),
  ]);
  const sum = [
    ...fields.map((_, index) => (index === 0 ? 'all' : '')),
    ...countColumns.map((column) => String(total[column])),
  ];
  return [`${from} to ${until}`, ...alignColumns([head, ...lines, sum])];
}

/** RFC 4180, with a heading. */
export function usageCsv({ by, rows }: UsageReport): readonly string[] {
  const fields = by as readonly Field[];
  const head = [...fields, ...(fields.includes('key') ? ['keyName'] : []), ...countColumns];
  const lines = rows.map((row) => [
    ...fields.map((field) => row[field] ?? ''),
    ...(fields.includes('key') ? [row.keyName ?? ''] : []),
    ...countColumns.map((column) => String(row[column])),
  ]);
  return [head, ...lines].map((cells) => cells.map(csvCell).join(','));
}

function cellOf(row: UsageRow, field: Field): string {
  const text = (field === 'key' ? row.keyName : undefined) ?? row[field] ?? '';
  return text === '' ? '-' : text;
}

/** A cell that a program for tables would take for a formula is quoted with a leading apostrophe. */
function csvCell(text: string): string {
  const plain = /^[=+@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
