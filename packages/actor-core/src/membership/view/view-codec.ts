import { pack, unpack } from 'msgpackr';
import { isRole } from '../../transport/roles.ts';
import { readMetadata } from '../member-metadata.ts';
import type { EndedMember, View, ViewChanges, ViewMember, ViewMemberState } from './view.ts';

const states: ReadonlySet<unknown> = new Set<ViewMemberState>(['up', 'draining', 'leaving', 'left', 'dead']);

/** The record of a view: JSON, so that any tool can show it. Fields are only ever added. */
export function encodeView({ epoch, fence, members, ended }: View): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: 1, epoch, fence, members, ended }));
}

/** Undefined for a payload that is no view. */
export function decodeView(payload: Uint8Array): View | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, epoch, fence, members, ended } = value as Record<string, unknown>;
  if (v !== 1 || !isCount(epoch) || !isCount(fence)) return undefined;
  if (!Array.isArray(members) || !Array.isArray(ended)) return undefined;
  const read = members.map(readMember);
  const readEnded = ended.map(readEndedMember);
  if (read.includes(undefined) || readEnded.includes(undefined)) return undefined;
  return { epoch, fence, members: read as ViewMember[], ended: readEnded as EndedMember[] };
}

/**
 * What the control leader tells all nodes each second and at each change. On the wire
 * `[1, fence, epoch, digest, incarnation, changes]`, which only grows.
 */
export interface ViewAnnouncement {
  readonly fence: number;
  readonly epoch: number;
  readonly digest: number;
  /** Incarnation of the leader. */
  readonly incarnation: number;
  /** The changes from the view before; undefined in a repetition. */
  readonly changes: ViewChanges | undefined;
}

export function encodeAnnouncedView(announcement: ViewAnnouncement): Uint8Array {
  const { fence, epoch, digest, incarnation, changes } = announcement;
  return new Uint8Array(pack([1, fence, epoch, digest, incarnation, changes ?? null]));
}

/** Undefined for a payload that is no announcement. Changes that cannot be read are left out. */
export function decodeAnnouncedView(payload: Uint8Array): ViewAnnouncement | undefined {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value[0] !== 1) return undefined;
  const [, fence, epoch, digest, incarnation, changes] = value as unknown[];
  if (!isCount(fence) || !isCount(epoch) || !isCount(digest) || !isCount(incarnation)) return undefined;
  return { fence, epoch, digest, incarnation, changes: readChanges(changes) };
}

function readChanges(value: unknown): ViewChanges | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { set, removed } = value as Record<string, unknown>;
  if (!Array.isArray(set) || !Array.isArray(removed)) return undefined;
  const members = set.map(readMember);
  if (members.includes(undefined) || !removed.every((id) => typeof id === 'string')) return undefined;
  return { set: members as ViewMember[], removed };
}

/** Unknown roles are left out. An unknown state makes the whole view unreadable: nobody may guess what it means. */
function readMember(value: unknown): ViewMember | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, incarnation, state, roles, metadata } = value as Record<string, unknown>;
  if (typeof id !== 'string' || !isCount(incarnation) || !states.has(state) || !Array.isArray(roles))
    return undefined;
  return {
    id,
    incarnation,
    state: state as ViewMemberState,
    roles: roles.filter(isRole),
    metadata: readMetadata(metadata),
  };
}

function readEndedMember(value: unknown): EndedMember | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, incarnation } = value as Record<string, unknown>;
  return typeof id === 'string' && isCount(incarnation) ? { id, incarnation } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
