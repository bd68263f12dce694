import type { DeadLetterReason } from '@drover/actor-core';
import type { SoakOutcome } from './soak-protocol.ts';

/** Log messages that the crashes of the soak cause. */
const expectedSentence = /^actor (restarted|parked|failed)/;
/** Events that no operation causes. */
const unexpectedEvents = ['escalated', 'unhandled', 'bad-frame'] as const;

/** One line for each operation, message or dead letter that is not accounted for. */
export function unaccounted(outcomes: ReadonlyMap<string, SoakOutcome>): string[] {
  const found: string[] = [];
  for (const [process, { operations, checks, counters, logged }] of outcomes) {
    for (const [name, { started, right, wrong }] of Object.entries(operations))
      if (right !== started)
        found.push(`${process}, ${name}: ${started} started, ${right} right, ${wrong} wrong`);
    for (const { name, sent, delivered } of checks)
      if (sent !== delivered) found.push(`${process}, ${name}: ${sent} sent, ${delivered} delivered`);
    for (const type of unexpectedEvents) {
      const count = (counters.after.events[type] ?? 0) - (counters.before.events[type] ?? 0);
      if (count !== 0) found.push(`${process}: ${count} ${type} events`);
    }
    for (const [sentence, count] of Object.entries(logged))
      if (!expectedSentence.test(sentence)) found.push(`${process} logged ${count} times: ${sentence}`);
  }
  return [...found, ...letterFaults([...outcomes.values()])];
}

/** Compares the sums of both nodes, because the node that cannot deliver a message counts its dead letter. */
function letterFaults(outcomes: readonly SoakOutcome[]): string[] {
  const reasons = Object.keys(outcomes[0]?.counters.after.deadLetters ?? {}) as DeadLetterReason[];
  return reasons.flatMap((reason) => {
    const expected = sum(outcomes.map(({ expectedLetters }) => expectedLetters[reason] ?? 0));
    const counted = sum(
      outcomes.map(
        ({ counters: { before, after } }) => after.deadLetters[reason] - before.deadLetters[reason],
      ),
    );
    return expected === counted ? [] : [`dead letters, ${reason}: ${expected} expected, ${counted} counted`];
  });
}

/** One line for each table that holds more than before the load. */
export function leftInTables(outcomes: ReadonlyMap<string, SoakOutcome>): string[] {
  return [...outcomes].flatMap(
    ([
      process,
      {
        tables: { before, after },
      },
    ]) =>
      Object.entries(after).flatMap(([table, size]) => {
        const was = before[table] ?? 0;
        return size > was ? [`${process}, ${table}: ${size}, before the load ${was}`] : [];
      }),
  );
}

/** Number of unhandled rejections, uncaught exceptions and warnings of the process. */
export function unhandled(outcomes: ReadonlyMap<string, SoakOutcome>): number {
  return sum(
    [...outcomes.values()].map(
      ({ unhandledRejections, uncaughtExceptions, processWarnings }) =>
        unhandledRejections + uncaughtExceptions + processWarnings,
    ),
  );
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
