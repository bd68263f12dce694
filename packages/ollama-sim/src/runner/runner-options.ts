import type { SimModel } from '../model/model.ts';
import type { RequestOptions } from '../wire/options.ts';

/** Smallest context of a runner. */
const MIN_CONTEXT = 4;

/** Options that are fixed at the start of a runner. Other values need a reload. */
export interface RunnerOptions {
  readonly numCtx: number;
  readonly numBatch: number;
  /** -1: as many layers as fit. A request with a negative value accepts any number. */
  readonly numGpu: number;
  readonly mainGpu: number;
  readonly useMmap: boolean | null;
  readonly numThread: number;
  readonly shift: boolean;
}

/** Runner options of a request. The context is `num_ctx`, or the default of the server; at most the trained context. */
export function runnerOptions(
  options: RequestOptions,
  model: SimModel,
  defaultContext: number,
  shift: boolean | null,
): RunnerOptions {
  const asked = number(options['num_ctx']);
  const wanted = asked === null || asked === 0 ? defaultContext : asked;
  return {
    numCtx: Math.max(MIN_CONTEXT, Math.min(wanted, model.contextLength)),
    numBatch: number(options['num_batch']) ?? 512,
    numGpu: number(options['num_gpu']) ?? -1,
    mainGpu: number(options['main_gpu']) ?? 0,
    useMmap: typeof options['use_mmap'] === 'boolean' ? options['use_mmap'] : null,
    numThread: number(options['num_thread']) ?? 0,
    shift: shift ?? true,
  };
}

/** Whether a runner started with `have` cannot serve a request for `want`. */
export function differs(have: RunnerOptions, want: RunnerOptions): boolean {
  return (
    have.numCtx !== want.numCtx ||
    have.numBatch !== want.numBatch ||
    (want.numGpu >= 0 && have.numGpu !== want.numGpu) ||
    have.mainGpu !== want.mainGpu ||
    have.useMmap !== want.useMmap ||
    have.numThread !== want.numThread ||
    have.shift !== want.shift
  );
}

/** Bytes of weights and f16 KV cache for all slots. */
export function footprintBytes(model: SimModel, numCtx: number, slots: number): number {
  const kvBytesPerToken = model.blockCount * (model.embeddingLength / 4) * 2 * 2;
  return Math.round(model.sizeBytes + numCtx * slots * kvBytesPerToken);
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? Math.trunc(value) : null;
}
