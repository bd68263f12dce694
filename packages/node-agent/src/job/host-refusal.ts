import { isErrorLine, readRefusal } from '@drover/fleet';
import type { HostRefusal } from './job-message.ts';

/** What the beginning of an answer says of the host; undefined where it succeeds, or where the request is at fault. */
export function hostRefusal(status: number, firstLine: string, foreign: boolean): HostRefusal | undefined {
  if (status < 400 && !isErrorLine(firstLine)) return undefined;
  const { subject, text } = readRefusal(status, firstLine, foreign);
  if (subject === 'request' || subject === 'way') return undefined;
  return { subject, reason: `answered ${status}: ${text}` };
}
