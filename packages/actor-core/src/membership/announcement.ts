import { pack, unpack } from 'msgpackr';
import { isRole, type Role } from '../transport/roles.ts';
import { type MemberMetadata, readMetadata } from './member-metadata.ts';

/**
 * What a node tells about itself. On the wire a positional tuple that only grows: `[1, incarnation, pid, roles, lagMs,
 * left, metadata]`.
 */
export interface Announcement {
  readonly incarnation: number;
  readonly pid: number;
  readonly roles: readonly Role[];
  /** Event-loop lag of the node since its last announcement, milliseconds. */
  readonly lagMs: number;
  /** The node leaves the cluster: its last announcement. */
  readonly left: boolean;
  /** Undefined for a node of release 0.3.0, which follows no view. */
  readonly metadata?: MemberMetadata | undefined;
}

const version = 1;

export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const { incarnation, pid, roles, lagMs, left, metadata } = announcement;
  const fields = [version, incarnation, pid, roles, lagMs, left];
  return new Uint8Array(pack(metadata === undefined ? fields : [...fields, metadata]));
}

/** Reads an announcement; undefined for an invalid one. Unknown and repeated roles are left out. */
export function decodeAnnouncement(payload: Uint8Array): Announcement | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value[0] !== version) return undefined;
  const [, incarnation, pid, roles, lagMs, left, metadata] = value as unknown[];
  if (!Number.isSafeInteger(incarnation) || !Number.isSafeInteger(pid) || !Array.isArray(roles))
    return undefined;
  if (typeof lagMs !== 'number' || typeof left !== 'boolean') return undefined;
  return {
    incarnation: incarnation as number,
    pid: pid as number,
    roles: [...new Set(roles.filter(isRole))],
    lagMs,
    left,
    ...(typeof metadata === 'object' && metadata !== null && { metadata: readMetadata(metadata) }),
  };
}
