import { type EventFilter, isEventType } from '@drover/fleet';
import { invalidField, readQuery, wholeNumber } from './memory-query.ts';

/** What a client wants of the events. */
export interface EventQuery {
  readonly filter: EventFilter;
  /** Begin after this sequence. */
  readonly after?: number;
  /** Begin at this instant of the wall clock. */
  readonly sinceMs?: number;
  readonly follows: boolean;
}

const maxPatterns = 32;
const maxPatternLength = 256;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws RequestFailure 400 naming the parameter or header */
export function readEventQuery(query: string, lastEventId: string | undefined, nowMs: number): EventQuery {
  const given = readQuery(query, ['after', 'since', 'type', 'target', 'follow']);
  const { after, since, type, target, follow = 'true' } = given;
  if (follow !== 'true' && follow !== 'false') throw invalidField('follow', 'must be true or false');
  const position = wholeNumber('Last-Event-ID', lastEventId) ?? wholeNumber('after', after);
  return {
    filter: { types: readTypes(type), targets: patternsOf('target', target) },
    ...(position !== undefined && { after: position }),
    ...(position === undefined && since !== undefined && { sinceMs: readSince(since, nowMs) }),
    follows: follow === 'true',
  };
}

/** A filter from lists of types and targets. @throws RequestFailure 400 naming the field */
function readTypes(text: string | undefined): readonly string[] {
  const types = patternsOf('type', text);
  const wrong = types.find((type) => !/^[a-z]+\.\*$/.test(type) && !isEventType(type));
  if (wrong !== undefined) throw invalidField('type', `${wrong} is no type of event`);
  return types;
}

function patternsOf(field: string, text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const patterns = text.split(',').map((one) => one.trim());
  if (patterns.length > maxPatterns) throw invalidField(field, `may name ${maxPatterns} at most`);
  if (patterns.some((one) => one === '' || one.length > maxPatternLength))
    throw invalidField(field, `must be texts of at most ${maxPatternLength} characters`);
  return patterns;
}

function readSince(text: string, nowMs: number): number {
  const [, number = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = unitMs[unit];
  if (factor !== undefined) return nowMs - Number(number) * factor;
  const instant = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant))
    throw invalidField('since', 'must be a duration such as 1h or an instant (ISO 8601)');
  return instant;
}
