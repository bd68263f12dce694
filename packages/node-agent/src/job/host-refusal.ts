import { isErrorLine, readRefusal } from '@drover/fleet';
import type { HostRefusal } from './job-message.ts';

/** Evidence against the host from the start of an answer; undefined for a success or a fault of the request. */
export function hostRefusal(status: number, firstLine: string, foreign: boolean): HostRefusal | undefined {
  if (status < 400 && !isErrorLine(firstLine)) return undefined;
  const { subject, text } = readRefusal(status, firstLine, foreign);
  if (subject === 'request' || subject === 'way') return undefined;
  return { subject, reason: `answered ${status}: ${text}` };
}
