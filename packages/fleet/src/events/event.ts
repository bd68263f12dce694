import { z } from 'zod';
import { type EventPayloads, type EventType, isEventType } from './event-types.ts';

/**
 * Something that happened in the cluster. Version 1 of the schema: fields are only added, and a reader ignores those
 * that it does not know and skips events of a later version.
 */
export interface FleetEvent<T extends EventType = EventType> {
  readonly v: 1;
  /** Unique; an event that is stored twice keeps its id. */
  readonly id: string;
  readonly type: T;
  /** By the wall clock of `source`, ISO 8601. */
  readonly time: string;
  /** The node that says so. NATS permissions pin it. */
  readonly source: string;
  /** What it is about, such as `node/host-1`, `agent/ID`, `model/llama3.2:latest`. */
  readonly targets: readonly string[];
  /** Only this tenant sees the event. Absent: an event of the cluster, for those who may observe it. */
  readonly tenant?: string | undefined;
  /** W3C trace context of the request that led to it. */
  readonly traceparent?: string | undefined;
  /** Id of the event or of the request that led to it. */
  readonly causationId?: string | undefined;
  readonly payload: EventPayloads[T];
  /** Facts about the event itself, such as the version of the program. */
  readonly meta: Readonly<Record<string, string>>;
}

/** Largest event, bytes of its JSON. */
export const maxEventBytes: number = 16 * 1024;

const maxTargets = 16;
const maxTextLength = 256;
const text = z.string().max(maxTextLength);

const schema = z.object({
  v: z.literal(1),
  id: z.string().min(1).max(64),
  type: z.string().refine(isEventType),
  time: z.iso.datetime(),
  source: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/),
  targets: z.array(text).max(maxTargets),
  tenant: z.string().max(64).optional(),
  traceparent: z
    .string()
    .regex(/^[0-9a-f]{2}(?:-[0-9a-f]+){3}$/)
    .max(64)
    .optional(),
  causationId: text.optional(),
  payload: z.record(z.string(), z.unknown()),
  meta: z.record(z.string().max(64), text),
});

/** As it travels and is stored: JSON. */
export function encodeEvent(event: FleetEvent): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(event));
}

/** Undefined for bytes that are no event of version 1 with a known type. */
export function decodeEvent(bytes: Uint8Array): FleetEvent | undefined {
  if (bytes.byteLength > maxEventBytes) return undefined;
  try {
    const read = schema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    return read.success ? (read.data as unknown as FleetEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** Text of a target or a fact, cut to the length that an event takes. */
export function boundedText(value: string): string {
  return value.slice(0, maxTextLength);
}

/** Targets of bounded number and length. */
export function boundedTargets(targets: readonly string[]): readonly string[] {
  return targets.slice(0, maxTargets).map(boundedText);
}
