import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Batch, emptyBatch, joinBatch } from './batch.ts';
import { playApart } from './batch-process.ts';

/** Many seeds, in chunks, over several processes. */
export interface LongRun {
  readonly first: number;
  readonly count: number;
  readonly scenario: string;
  readonly processes: number;
  /** Keeps what was played, so that an interrupted run goes on. Only one with the same `runId` does. */
  readonly stateFile: string;
  /** Seeds that one process plays at a time. @default 100 */
  readonly chunkSeeds?: number;
  /** Identifies the code and the order. */
  readonly runId: string;
  readonly onProgress: (played: number, brokenSeeds: number) => void;
}

/** What a long run found. */
export interface LongResult {
  readonly batch: Batch;
  /** Seeds that were played twice, in two processes. */
  readonly repeated: number;
  /** Seeds whose two runs gave different traces. */
  readonly differing: readonly number[];
}

interface State {
  readonly runId: string;
  /** Chunks that are done. */
  readonly done: number[];
  readonly batch: Batch;
  repeated: number;
  readonly differing: number[];
}

const defaultChunkSeeds = 100;
/** One chunk of so many is played in part a second time. */
const chunksPerRepetition = 20;
const repeatedSeeds = 10;

/** Plays the seeds that the state file does not hold yet. The memory that it needs does not depend on their number. */
export async function playLong(run: LongRun): Promise<LongResult> {
  const state = readState(run);
  const chunks = Math.ceil(run.count / (run.chunkSeeds ?? defaultChunkSeeds));
  const waiting = Array.from({ length: chunks }, (_, index) => index).filter(
    (index) => !state.done.includes(index),
  );
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      await playChunk(run, state, index);
      state.done.push(index);
      writeState(run.stateFile, state);
      run.onProgress(state.batch.seeds, state.batch.broken.length);
    }
  };
  await Promise.all(Array.from({ length: run.processes }, work));
  const { batch, repeated, differing } = state;
  return { batch, repeated, differing };
}

async function playChunk(
  { first, count, scenario, chunkSeeds = defaultChunkSeeds }: LongRun,
  state: State,
  index: number,
): Promise<void> {
  const at = first + index * chunkSeeds;
  const order = { first: at, count: Math.min(chunkSeeds, first + count - at), scenario, stopsAtBreak: false };
  const batch = await playApart(order);
  if (index % chunksPerRepetition === 0) {
    const again = await playApart({ ...order, count: Math.min(repeatedSeeds, order.count) });
    for (const [seed, hash] of Object.entries(again.hashes)) {
      state.repeated++;
      if (batch.hashes[Number(seed)] !== hash) state.differing.push(Number(seed));
    }
  }
  joinBatch(state.batch, { ...batch, hashes: {} });
}

function readState({ stateFile, runId }: LongRun): State {
  if (existsSync(stateFile)) {
    const state = JSON.parse(readFileSync(stateFile, 'utf8'), numberOf) as State;
    if (state.runId === runId) return state;
  }
  return { runId, done: [], batch: emptyBatch(), repeated: 0, differing: [] };
}

/** The file is whole at every moment: an interruption loses the chunks that are being played, and no others. */
function writeState(file: string, state: State): void {
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify(state));
  renameSync(next, file);
}

/** JSON writes an infinite minimum as null. */
function numberOf(_: string, value: unknown): unknown {
  return value === null ? Number.POSITIVE_INFINITY : value;
}
