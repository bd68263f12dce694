import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimModelSpec } from '../model/model.ts';

/** One chunk of a chunked body. */
export interface Chunk {
  readonly data: string;
}

/** A response as it went over the wire. */
export interface WireResponse {
  readonly status_line: string;
  readonly headers: readonly (readonly [string, string])[];
  /** `content-length`, `last chunk` or `no body`; every other value means that the response was not complete. */
  readonly end: string;
  /** Set when the body was not chunked. */
  readonly body?: string;
  readonly chunks?: readonly Chunk[];
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

const recordings: string = join(import.meta.dirname, '../../golden');

/**
 * Recorded exchanges of one group, sorted by name. A group is one file with a line for each exchange, or a folder with
 * a file for each.
 */
export function readGroup(group: string, folder: string = recordings): readonly Transcript[] {
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

/** @throws Error when the recording does not exist */
export function readOne(group: string, name: string): Transcript {
  const found = readGroup(group).find((transcript) => transcript.name === name);
  if (!found) throw new Error(`there is no recording ${group}/${name}`);
  return found;
}

/** The models of the recorded Ollama, in the form in which the simulator is configured. */
export function recordedModels(): readonly SimModelSpec[] {
  return JSON.parse(readFileSync(join(recordings, 'models.json'), 'utf8')) as SimModelSpec[];
}

/** True when the recorded server sent nothing until the recorder gave up: there is no answer to compare with. */
export function isUnanswered({ response }: Transcript): boolean {
  return response.end === 'TimeoutError';
}

/** The whole body, chunked or not. */
export function bodyOf(response: WireResponse): string {
  return response.body ?? (response.chunks ?? []).map((chunk) => chunk.data).join('');
}
