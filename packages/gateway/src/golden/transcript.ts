import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A response as it went over the wire. */
export interface WireResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** `content-length`, `last chunk`, `no body`; anything else is no proper end. */
  readonly end: string;
  readonly body: string;
}

/** One recorded exchange with a real Ollama. */
export interface Transcript {
  readonly name: string;
  readonly request: {
    readonly line: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
  readonly response: WireResponse;
}

interface RecordedExchange {
  readonly name: string;
  readonly request: Transcript['request'];
  readonly response: {
    readonly status_line: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly end: string;
    readonly body?: string;
    readonly chunks?: readonly { readonly data: string }[];
  };
}

/** The recordings are kept once, with the simulator that is built after them. */
const folder = join(import.meta.dirname, '../../../ollama-sim/golden');

/** Recorded exchanges of one group, in order of their names. */
export function readGroup(group: string): readonly Transcript[] {
  return readFileSync(join(folder, `${group}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => toTranscript(JSON.parse(line) as RecordedExchange))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws when the recording is not there */
export function readOne(group: string, name: string): Transcript {
  const found = readGroup(group).find((transcript) => transcript.name === name);
  if (!found) throw new Error(`no recording ${group}/${name}`);
  return found;
}

/** The models the recorded Ollama had, as the simulator takes them. */
export function recordedModels(): readonly { readonly name: string }[] {
  return JSON.parse(readFileSync(join(folder, 'models.json'), 'utf8')) as { name: string }[];
}

function toTranscript({ name, request, response }: RecordedExchange): Transcript {
  return {
    name,
    request: restoreBody(name, request),
    response: {
      status: Number(response.status_line.split(' ')[1]),
      headers: response.headers,
      end: response.end,
      body: response.body ?? (response.chunks ?? []).map(({ data }) => data).join(''),
    },
  };
}

/** Length at which the recorder cut a request's body. */
const cutAt = 6_000;
const sentence = 'the big dog sees a quick bird . ';
const cutTails: Readonly<Record<string, string>> = {
  'too-long-truncate-false': '", "truncate": false}',
  'over-context-native': '"}], "max_tokens": 6}',
  'over-context-native-stream': '"}], "max_tokens": 6, "stream": true}',
};

/** Long bodies were cut in the recording. They repeat one sentence, so they are made whole again. */
function restoreBody(name: string, request: Transcript['request']): Transcript['request'] {
  const recordedBytes = Number(request.headers.find(([key]) => key === 'Content-Length')?.[1] ?? 0);
  if (request.body.length !== cutAt || recordedBytes <= cutAt) return request;
  const start = request.body.slice(0, request.body.lastIndexOf(sentence));
  const middle = sentence.repeat(Math.ceil((recordedBytes - cutAt) / sentence.length)).trimEnd();
  const body = start + middle + (cutTails[name] ?? '"}');
  const length = String(Buffer.byteLength(body));
  return {
    ...request,
    body,
    headers: request.headers.map(([key, value]) => [key, key === 'Content-Length' ? length : value]),
  };
}
