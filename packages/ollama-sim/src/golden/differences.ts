import { bodyShape, type Comparison } from './shape.ts';
import { bodyOf, type WireResponse } from './transcript.ts';

/**
 * Go sends a body of at most this size with a Content-Length, and a larger one chunked. Which of the two is used for a
 * body of variable size is not compared.
 */
const shortBodyBytes = 2_048;

/** Headers whose values must agree. */
const comparedValues = ['content-type', 'location', 'allow', 'connection'];

export interface CompareOptions {
  /** Lower-case names of headers that the answer may have beside the recorded ones. @default none */
  readonly addedHeaders?: RegExp;
  /** @default 'wire' */
  readonly comparison?: Comparison;
}

/** One text for each difference between a recorded response and an answer; empty if they agree. */
export function differences(
  recorded: WireResponse,
  answered: WireResponse,
  { addedHeaders, comparison = 'wire' }: CompareOptions = {},
): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, a: string, b: string): void => {
    if (a !== b) found.push(`${what}: recorded ${a.slice(0, 700)} | answered ${b.slice(0, 700)}`);
  };
  compare('status', recorded.status_line, answered.status_line);
  compare('headers', headerNames(recorded, addedHeaders), headerNames(answered, addedHeaders));
  for (const name of comparedValues) compare(name, valueOf(recorded, name), valueOf(answered, name));
  compare('framing', framing(recorded, comparison), framing(answered, comparison));
  compare('body', shape(recorded, comparison), shape(answered, comparison));
  return found;
}

/** Header names as written, without the names that depend on the size of the body. */
function headerNames(response: WireResponse, addedHeaders: RegExp | undefined): string {
  return response.headers
    .map(([name]) => name)
    .filter((name) => !isFraming(name) && addedHeaders?.test(name.toLowerCase()) !== true)
    .toSorted()
    .join(' ');
}

function isFraming(name: string): boolean {
  return name === 'Content-Length' || name === 'Transfer-Encoding';
}

/**
 * How the end of the body is marked. `by size`: the size of the body decides, as for every body that is written at
 * once.
 */
function framing(response: WireResponse, comparison: Comparison): string {
  if (response.end === 'no body') return response.end;
  const isLong = Buffer.byteLength(bodyOf(response)) > shortBodyBytes;
  if (response.end === 'content-length') return isLong ? 'long with a length' : 'by size';
  const writtenAtOnce = comparison === 'wire' ? response.chunks?.length === 1 : !isStream(response);
  return response.end === 'last chunk' && isLong && writtenAtOnce ? 'by size' : response.end;
}

function isStream(response: WireResponse): boolean {
  return /^(?:text\/event-stream|application\/x-ndjson)/.test(valueOf(response, 'content-type'));
}

function valueOf(response: WireResponse, name: string): string {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

function shape(response: WireResponse, comparison: Comparison): string {
  const chunks = response.chunks?.map(({ data }) => data) ?? [response.body ?? ''];
  return bodyShape(valueOf(response, 'content-type'), chunks, comparison);
}
