import { collapse, shapeOf } from './shape.ts';
import { bodyOf, type WireResponse } from './transcript.ts';

/** Bodies up to this size have a length; which side a text falls on is no matter of shape. */
const LENGTH_LIMIT_BYTES = 2048;
/** Headers whose values must agree. */
const COMPARED_VALUES = ['content-type', 'location', 'allow', 'connection'];

/** What disagrees between a recorded response and the simulator's; empty when they agree. */
export function differences(recorded: WireResponse, simulated: WireResponse): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, a: string, b: string): void => {
    if (a !== b) found.push(`${what}: recorded ${a.slice(0, 600)} | simulated ${b.slice(0, 600)}`);
  };
  compare('status', recorded.status_line, simulated.status_line);
  compare('headers', headerNames(recorded), headerNames(simulated));
  for (const name of COMPARED_VALUES) compare(name, valueOf(recorded, name), valueOf(simulated, name));
  compare('framing', framing(recorded), framing(simulated));
  compare('body', bodyShape(recorded), bodyShape(simulated));
  return found;
}

/** Names as written, without the one that says how a body of free size is framed. */
function headerNames(response: WireResponse): string {
  const names = response.headers.map(([name]) => name).filter((name) => !isFraming(name));
  return names.toSorted().join(' ');
}

function isFraming(name: string): boolean {
  return name === 'Content-Length' || name === 'Transfer-Encoding';
}

/** `by size` where the length limit decides, as for every body that is written at once. */
function framing(response: WireResponse): string {
  if (response.end === 'no body') return response.end;
  const bytes = Buffer.byteLength(bodyOf(response));
  if (response.end === 'content-length')
    return bytes <= LENGTH_LIMIT_BYTES ? 'by size' : 'long with a length';
  const atOnce = (response.chunks ?? []).length === 1 && bytes > LENGTH_LIMIT_BYTES;
  return atOnce ? 'by size' : response.end;
}

function valueOf(response: WireResponse, name: string): string {
  return response.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}

function bodyShape(response: WireResponse): string {
  const type = valueOf(response, 'content-type');
  const body = bodyOf(response);
  if (body === '') return '';
  if (type.startsWith('application/x-ndjson'))
    return chunkShapes(response, (data) => data.split('\n').slice(0, -1));
  if (type.startsWith('text/event-stream'))
    return chunkShapes(response, (data) => data.split('\n\n').slice(0, -1));
  if (type.startsWith('application/json'))
    return shapeOf(JSON.parse(body)) + (body.endsWith('\n') ? '⏎' : '');
  return body;
}

/** Shapes of the chunks in order; the parts of one chunk stand together. */
function chunkShapes(response: WireResponse, split: (data: string) => readonly string[]): string {
  const chunks = (response.chunks ?? []).map(({ data }) => split(data).map(partShape).join(' + '));
  return collapse(chunks).join('\n');
}

function partShape(part: string): string {
  const json = part.replace(/^data: /, '');
  const prefix = part.slice(0, part.length - json.length);
  // Progress lines lack `completed` at 0, which depends on the moment.
  return prefix + (json === '[DONE]' ? json : shapeOf(JSON.parse(json)).replace(',completed:number', ''));
}
