import { z } from 'zod';
import { topic, type Topic } from '../pubsub/pub-sub.ts';

/** What one host reports about the records that the cluster keeps, for status, metrics and the doctor. */
export interface StoreReport {
  /** Writes of this process that the log refused because a newer fence held. */
  readonly refusedWrites: number;
  /** Values of the memory that this process has moved into blobs by their age. */
  readonly movedValues: number;
  /** Blobs without a record that this process has removed. */
  readonly reclaimedBlobs: number;
  /** Servers that should keep a copy of each log. */
  readonly wantedReplicas: number;
  /** Logs with fewer copies than wanted, or whose copies are away or behind; at most 32. */
  readonly thinLogs: readonly ThinLog[];
  /** Journals whose stored data was not accepted, at most 32. */
  readonly quarantined: readonly QuarantinedJournal[];
  /** How many journals that are in all. */
  readonly quarantinedCount: number;
}

/** A log that would survive fewer losses than it should. */
export interface ThinLog {
  readonly name: string;
  /** Servers that the log is to be on. */
  readonly replicas: number;
  /** Servers that have all of it. */
  readonly copies: number;
}

/** A journal that is not used until somebody has looked at it. All its data is kept. */
export interface QuarantinedJournal {
  readonly subject: string;
  readonly reason: string;
  readonly detail: string;
}

/** Most entries of each list in a report. */
export const maxListed = 32;
const text = z.string().max(500);
const count = z.int().min(0);

const schema: z.ZodType<StoreReport> = z.object({
  refusedWrites: count,
  movedValues: count,
  reclaimedBlobs: count,
  wantedReplicas: count,
  thinLogs: z.array(z.object({ name: text, replicas: count, copies: count })).max(maxListed),
  quarantined: z.array(z.object({ subject: text, reason: text, detail: text })).max(maxListed),
  quarantinedCount: count,
});

/** Each host publishes its report on this topic. Fields are only added. */
export const storeReports: Topic<StoreReport> = topic('store-report', schema);
