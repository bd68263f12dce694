import { pack, unpack } from 'msgpackr';
import { isRole, type Role } from '../transport/roles.ts';
import { type MemberMetadata, readMetadata } from './member-metadata.ts';

/** What SWIM carries about a node: who runs it, as what, and what the node states about itself. */
export interface MemberFacts {
  /** Process id on its machine. */
  readonly pid: number;
  readonly roles: readonly Role[];
  /** Undefined for a node of 0.3.0. */
  readonly metadata: MemberMetadata | undefined;
}

/** Most bytes of encoded facts. */
export const maxFactsBytes = 4_096;

/** A map whose fields are only added. */
export function encodeFacts({ pid, roles, metadata }: MemberFacts): Uint8Array {
  return new Uint8Array(pack({ pid, roles, metadata }));
}

/** Reads facts; undefined where they are invalid. Unknown fields and roles are left out. */
export function decodeFacts(bytes: Uint8Array): MemberFacts | undefined {
  if (bytes.length > maxFactsBytes) return undefined;
  let value: unknown;
  try {
    value = unpack(bytes);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, roles, metadata } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || !Array.isArray(roles)) return undefined;
  return {
    pid: pid as number,
    roles: [...new Set(roles.filter(isRole))],
    metadata: readMetadata(metadata),
  };
}
