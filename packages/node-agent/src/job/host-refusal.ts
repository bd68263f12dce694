import { isErrorLine, readRefusal } from '@drover/fleet';
import type { HostRefusal } from './job-message.ts';

/** What the beginning of an answer says of the host; undefined where it succeeds, or where the request is at fault. */
export function hostRefusal(status: number, firstLine: string): HostRefusal | undefined {
  if (status < 400 && !isErrorLine(firstLine)) return undefined;
  const { subject, text } = readRefusal(status, firstLine);
  return subject === 'request' ? undefined : { subject, reason: `answered ${status}: ${text}` };
}
