import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One chunk of a chunked body. */
export interface Chunk {
  readonly data: string;
}

/** A response as it went over the wire. */
export interface WireResponse {
  readonly status_line: string;
  readonly headers: readonly (readonly [string, string])[];
  /** `content-length`, `last chunk`, `no body`; anything else is no proper end. */
  readonly end: string;
  readonly body?: string;
  readonly chunks?: readonly Chunk[];
}

/** One recorded exchange with a real server. */
export interface Transcript {
  readonly name: string;
  readonly request: {
    readonly line: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
  readonly response: WireResponse;
}

/** Recorded exchanges of one group: a folder of files, or one file with a line for each. */
export function readGroup(folder: string, group: string): readonly Transcript[] {
  const directory = join(folder, group);
  const transcripts = existsSync(directory)
    ? readdirSync(directory).map((file) => ({
        ...(JSON.parse(readFileSync(join(directory, file), 'utf8')) as Transcript),
        name: file.replace(/\.json$/, ''),
      }))
    : readFileSync(join(folder, `${group}.jsonl`), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Transcript);
  return transcripts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function bodyOf(response: WireResponse): string {
  return response.body ?? (response.chunks ?? []).map((chunk) => chunk.data).join('');
}
