import type { Random } from '@drover/actor-core';

/** Ids that are safe in a log line, a header and a file name. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;

/** The id that the client sent, if it fits the pattern, else a new one. */
export function requestIdOf(sent: string | readonly string[] | undefined, random: Random): string {
  return typeof sent === 'string' && pattern.test(sent) ? sent : random.id();
}
