import type { Random } from '@drover/actor-core';

/** Printable, short, and harmless in a log line, a header and a file name. */
const pattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;

/** The client's own id where it is a sensible one, else a fresh one. */
export function requestIdOf(sent: string | undefined, random: Random): string {
  return sent !== undefined && pattern.test(sent) ? sent : random.id();
}
