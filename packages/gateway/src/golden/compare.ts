import { bodyShape } from './shape.ts';
import type { WireResponse } from './transcript.ts';

/** Go gives bodies up to this size a length. */
const shortBodyBytes = 2_048;

/** Headers whose values must agree. */
const comparedValues = ['content-type', 'location', 'allow', 'connection'];

/** Headers a reply may have beside the recorded ones. */
const added = /^(?:x-drover-.*|cache-control|x-accel-buffering|retry-after)$/;

/** What disagrees between a recorded answer and the gateway's; empty when they agree. */
export function differences(recorded: WireResponse, answered: WireResponse): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, a: string, b: string): void => {
    if (a !== b) found.push(`${what}: recorded ${a.slice(0, 700)} | answered ${b.slice(0, 700)}`);
  };
  compare('status', String(recorded.status), String(answered.status));
  compare('headers', headerNames(recorded), headerNames(answered));
  for (const name of comparedValues) compare(name, valueOf(recorded, name), valueOf(answered, name));
  compare('framing', framing(recorded), framing(answered));
  compare('body', shape(recorded), shape(answered));
  return found;
}

/** Names as written, without ours and without the one that says how a body of free size is framed. */
function headerNames(response: WireResponse): string {
  return response.headers
    .map(([name]) => name)
    .filter(
      (name) => !added.test(name.toLowerCase()) && name !== 'Content-Length' && name !== 'Transfer-Encoding',
    )
    .toSorted()
    .join(' ');
}

/** `by size` where the length of the body decides, as for every body that is written at once. */
function framing({ end, body, headers }: WireResponse): string {
  const isLong = Buffer.byteLength(body) > shortBodyBytes;
  if (end === 'content-length') return isLong ? 'long with a length' : 'by size';
  const type = headers.find(([key]) => key.toLowerCase() === 'content-type')?.[1] ?? '';
  const isStream = type.startsWith('text/event-stream') || type.startsWith('application/x-ndjson');
  return end === 'last chunk' && isLong && !isStream ? 'by size' : end;
}

function valueOf(response: WireResponse, name: string): string {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

function shape(response: WireResponse): string {
  return bodyShape(valueOf(response, 'content-type'), response.body);
}
