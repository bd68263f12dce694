import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Owner } from './kept-streams.ts';

/**
 * A request whose answer is kept, as the store has it: whose it is, which gateway has the answer, and the request
 * itself, so that another gateway can translate the answer again. JSON; fields are only added.
 */
export interface KeptRecord extends Owner {
  readonly v: 1;
  /** The gateway that has the answer, and its incarnation. */
  readonly gateway: string;
  readonly incarnation: number;
  readonly keepMs: number;
  /** Time to live of the record. */
  readonly ttlMs: number;
  readonly request: KeptHttpRequest;
}

/** What an HTTP request said. */
export interface KeptHttpRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In base64. */
  readonly body: string;
}

/** Largest record, bytes. The answer to a larger request ends with its gateway. */
export const maxKeptRecordBytes: number = 640 * 1024;

const schema: z.ZodType<KeptRecord> = z.object({
  v: z.literal(1),
  keyId: z.string(),
  tenant: z.string(),
  gateway: z.string(),
  incarnation: z.number(),
  keepMs: z.number().positive(),
  ttlMs: z.number().positive(),
  request: z.object({
    method: z.string(),
    target: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
  }),
});

/** The key of a request in the bucket: ids of requests have characters that keys have not. */
export function keptKey(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex');
}

export function encodeKeptRecord(record: KeptRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record));
}

/** Undefined for a value that is none, for example of a later version. */
export function decodeKeptRecord(value: Uint8Array): KeptRecord | undefined {
  try {
    return schema.parse(JSON.parse(Buffer.from(value).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Headers that say something about the connection, or who the client is. */
const droppedHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'cookie',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'te',
  'upgrade',
]);

/** The headers of a request that its translation may need. */
export function keptHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !droppedHeaders.has(name))
      kept[name] = typeof value === 'string' ? value : value.join(', ');
  return kept;
}
