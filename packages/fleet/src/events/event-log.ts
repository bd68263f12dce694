import { eventLog, type LocalNode } from '@drover/actor-core/cluster';
import type { LogSpec } from '@drover/actor-core/durable';
import { InvalidArgumentError } from '@drover/actor-core';
import { maxEventBytes } from './event.ts';

/** What is kept: the events of at most seven days, and at most 64 MiB of them; the oldest go first. */
export const eventRetention: { readonly maxAgeMs: number; readonly maxBytes: number } = {
  maxAgeMs: 7 * 24 * 3_600_000,
  maxBytes: 64 * 1024 * 1024,
};

/** Longer than any writer repeats an event. */
const dedupeMs = 120_000;
/** Room for the headers of a record. */
const maxHeaderBytes = 1_024;
const lookMs = 5_000;
const retryMs = 500;

type EventNode = Pick<LocalNode, 'storage' | 'subjects' | 'clock' | 'log'>;

/** Name of the feed on which NATS announces stored events. */
const eventFeed = 'events';

function eventLogSpec({ subjects, clock }: Pick<LocalNode, 'subjects' | 'clock'>): LogSpec {
  return {
    name: eventLog(subjects.cell),
    subjects: [subjects.event('*', '*')],
    historyPerSubject: 0,
    ...eventRetention,
    maxRecordBytes: maxEventBytes + maxHeaderBytes,
    dedupeMs,
    feed: subjects.feed(eventFeed),
    // Sequences of a stream that was lost are not issued again.
    firstSequence: clock.wallNow(),
  };
}

/**
 * Creates the stream of events, and creates it again after the store was lost. For hosts: a gateway may not. An
 * existing stream with other limits is used as it is: an operator may have changed them.
 *
 * @returns the function that ends it
 */
export function keepEventLog(node: EventNode): () => void {
  const { storage, clock, log } = node;
  let timer: { cancel(): void } | undefined;
  let hasEnded = false;
  let isTold = false;
  const look = async (): Promise<void> => {
    const delayMs = await storage.log.ensure(eventLogSpec(node)).then(
      () => lookMs,
      (err: unknown) => {
        if (!(err instanceof InvalidArgumentError))
          log.debug({ err }, 'the stream of events cannot be opened');
        else if (!isTold)
          log.warn({ err }, 'the stream of events has other limits than this program creates');
        isTold ||= err instanceof InvalidArgumentError;
        return err instanceof InvalidArgumentError ? lookMs : retryMs;
      },
    );
    if (!hasEnded) timer = clock.setTimer(delayMs, () => void look());
  };
  void look();
  return () => {
    hasEnded = true;
    timer?.cancel();
  };
}
