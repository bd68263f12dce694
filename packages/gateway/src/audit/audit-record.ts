import { hash } from 'node:crypto';

/**
 * Kinds of records. The list only grows.
 *
 * `start`: a gateway began to write · `denied`: a request was refused by the door, by the limits of its key, or by the
 * checks of Host and Origin · `act`: a change of the cluster or a look at its keys · `request`: an allowed request to
 * models or to the data of a tenant · `lost`: records that were dropped while the store did not take them ·
 * `checkpoint`: a signature over everything before it
 */
export type AuditKind = 'start' | 'denied' | 'act' | 'request' | 'lost' | 'checkpoint';

/** What happened, before it has its place in a chain. Holds no secret: see `auditText`. */
export interface AuditEvent {
  readonly kind: AuditKind;
  /** The `x-drover-request-id` of the request. */
  readonly request?: string | undefined;
  /** Id of the key; empty where no key was asked for, absent where the caller is not known. */
  readonly key?: string | undefined;
  /** Id that a refused key states. Nobody has proved to own it. */
  readonly claimedKey?: string | undefined;
  readonly tenant?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Address of the client's end of the connection. */
  readonly address?: string | undefined;
  /** What the route does: a right of the table in `docs/SECURITY.md`. */
  readonly right?: string | undefined;
  readonly method?: string | undefined;
  /** Pattern of the route; the path of a request that has no route. */
  readonly route?: string | undefined;
  /** What it is done to: `key=…`, `model=…`, `node=…`. */
  readonly target?: string | undefined;
  /** Of an act: `begin` is written before anything is done, `end` before the answer. */
  readonly phase?: 'begin' | 'end' | undefined;
  /** Status of the answer; 0 where the client left before it. */
  readonly status?: number | undefined;
  /** Stable code of an error answer. */
  readonly code?: string | undefined;
  /** Requests that the record stands for. @default 1 */
  readonly count?: number | undefined;
  /** Version of the gateway that starts. */
  readonly version?: string | undefined;
}

/** The signature of a checkpoint. */
export interface Signature {
  /** Fingerprint of the key. */
  readonly by: string;
  /** Time of record 0 of the chain, where the gateway knows it. */
  readonly began?: string | undefined;
  /** Ed25519 over `checkpointText`, base64. */
  readonly signature: string;
}

/** Where a record stands in its chain. */
export interface Place {
  /** Id of the gateway that writes the chain. */
  readonly chain: string;
  /** Number of the record: 0, 1, 2 … without a gap. */
  readonly n: number;
  /** Hash of the record before it, `noHash` for record 0. */
  readonly prev: string;
  /** ISO 8601, by the clock of the gateway. */
  readonly time: string;
}

/** Hash before the first record of a chain. */
export const noHash: string = '0'.repeat(64);

/** A line as it was read: its place, its own hash, and the text that the hash is made of. */
export interface AuditLine extends Place {
  readonly kind: string;
  readonly hash: string;
  /** The line without its hash. */
  readonly body: string;
}

const longestText = 200;
const secretPattern = /(drover_[0-9a-f]{16}_|\bsk-[A-Za-z-]{0,12}|\beyJ)[A-Za-z0-9_.-]+/g;
const headPattern =
  /^\{"chain":"([a-z0-9][a-z0-9_-]{0,63})","n":(0|[1-9]\d{0,14}),"prev":"([0-9a-f]{64})","time":"(\d{4}-[0-9T:.-]{18}Z)","kind":"([a-z]+)"/;
const tailPattern = /^,"hash":"([0-9a-f]{64})"\}$/;
const tailLength = `,"hash":"${noHash}"}`.length;

/**
 * A text of a client for a record: keys, tokens and all but its first 200 characters are cut off. Names, ids and
 * patterns stay readable.
 */
export function auditText(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText)}…` : text;
  return cut.replaceAll(secretPattern, '$1…');
}

/**
 * One record as one line of JSON. The order of its members is fixed, and its last member is the SHA-256 of everything
 * before it, so that no byte of the line can change unnoticed.
 */
export function writeLine(
  place: Place,
  event: AuditEvent | ({ readonly kind: 'checkpoint' } & Signature),
): { readonly line: string; readonly hash: string } {
  const { chain, n, prev, time } = place;
  const { kind, ...rest } = event;
  const body = JSON.stringify({ chain, n, prev, time, kind, ...rest }).slice(0, -1);
  const own = hashOf(body);
  return { line: `${body},"hash":"${own}"}`, hash: own };
}

/** The hash that a line must state, from its body. */
export function hashOf(body: string): string {
  return hash('sha256', body);
}

/** Undefined for a text that is not the line of a record. Does not compare the hash. */
export function readLine(line: string): AuditLine | undefined {
  const at = line.length - tailLength;
  const head = headPattern.exec(line);
  const stated = tailPattern.exec(line.slice(at))?.[1];
  if (head === null || stated === undefined || at < head[0].length) return undefined;
  const [, chain = '', n = '', prev = '', time = '', kind = ''] = head;
  return { chain, n: Number(n), prev, time, kind, hash: stated, body: line.slice(0, at) };
}

/** The text that a checkpoint signs. `prev` stands for every record before it. */
export function checkpointText({ chain, n, prev, time }: Place, began: string | undefined): string {
  return `drover-audit-1 ${chain} ${n} ${prev} ${time} ${began ?? '-'}`;
}

/** The signature in a line of the kind `checkpoint`; undefined where it is no such line. */
export function signatureOf({ kind, body }: AuditLine): Signature | undefined {
  if (kind !== 'checkpoint') return undefined;
  let value: Partial<Signature>;
  try {
    value = JSON.parse(`${body}}`) as Partial<Signature>;
  } catch {
    return undefined;
  }
  const { by, began, signature } = value;
  if (typeof by !== 'string' || typeof signature !== 'string') return undefined;
  return { by, signature, ...(typeof began === 'string' && { began }) };
}
