import { InvalidArgumentError } from '../errors.ts';

/** Kinds of faults that can be set. */
export type FaultKind =
  /** The process of the runner is frozen: streams stop without an error or an end. */
  | 'freeze'
  /** The connection of a generation is cut without the last HTTP chunk. */
  | 'cut'
  /** Tokens are generated at a tenth of the speed. */
  | 'slow'
  /** Loads answer 500 with an out-of-memory text. */
  | 'oom'
  /** One line in the middle of a stream is broken JSON. */
  | 'badjson'
  /** Requests that need a runner get the busy answer. */
  | '503'
  /** When a client disconnects from a stream, its slot is lost until the model is unloaded. */
  | 'leak'
  /** The process of the runner ends. */
  | 'kill-runner'
  /** Every request gets an HTML page. */
  | 'html';

export interface FaultSpec {
  readonly kind: FaultKind;
  /**
   * Number of tokens of a stream (`freeze`, `cut`, `slow`, `badjson`, `kill-runner`), requests (`503`, `oom`, `html`)
   * or disconnects (`leak`) before the fault takes effect. Default 0. Without it `freeze` and `kill-runner` take
   * effect on loaded runners at once.
   */
  readonly after?: number;
  /** Only this model; default: every model. */
  readonly model?: string;
  /** Number of times that the fault takes effect. Default 1 for `freeze` and `kill-runner`, else unlimited. */
  readonly times?: number;
}

/** A fault in `/sim/state`. */
export interface FaultState {
  readonly kind: FaultKind;
  readonly after: number;
  readonly model: string | null;
  readonly struck: number;
}

const TOKEN_KINDS: readonly FaultKind[] = ['freeze', 'cut', 'badjson', 'kill-runner'];
const ALL_KINDS: readonly FaultKind[] = [...TOKEN_KINDS, 'slow', 'oom', '503', 'leak', 'html'];
const SLOW_FACTOR = 10;

interface Armed {
  readonly kind: FaultKind;
  readonly after: number;
  readonly model: string | null;
  left: number;
  seen: number;
  struck: number;
}

/** The faults that are set now. */
export class FaultBoard {
  #armed: Armed[] = [];

  /** @throws InvalidArgumentError for an unknown kind, or an `after` that is not a whole number */
  arm(spec: FaultSpec): void {
    if (!ALL_KINDS.includes(spec.kind))
      throw new InvalidArgumentError('kind', `must be one of ${[...ALL_KINDS, 'clear'].join(', ')}`);
    const after = spec.after ?? 0;
    if (!Number.isInteger(after) || after < 0)
      throw new InvalidArgumentError('after', 'must be a whole number, 0 or above');
    const once = spec.kind === 'freeze' || spec.kind === 'kill-runner';
    const left = spec.times ?? (once ? 1 : Number.POSITIVE_INFINITY);
    this.#armed.push({ kind: spec.kind, after, model: plain(spec.model), left, seen: 0, struck: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  list(): readonly FaultState[] {
    return this.#armed.map(({ kind, after, model, struck }) => ({ kind, after, model, struck }));
  }

  /** Counts this request or disconnect, and returns whether the fault takes effect on it. */
  strikes(kind: FaultKind, model: string | null = null): boolean {
    for (const fault of this.#armed) {
      if (fault.kind !== kind || !matches(fault, model)) continue;
      if (fault.seen++ >= fault.after && spend(fault)) return true;
    }
    return false;
  }

  /** The fault that takes effect before token number `index` (from 0) of a stream, if any. */
  strikesToken(model: string, index: number): FaultKind | null {
    for (const fault of this.#armed) {
      if (fault.after !== index || !TOKEN_KINDS.includes(fault.kind) || !matches(fault, model)) continue;
      if (spend(fault)) return fault.kind;
    }
    return null;
  }

  /** Factor for the time of each token. */
  slowdown(model: string, index: number): number {
    for (const fault of this.#armed) {
      if (fault.kind === 'slow' && index >= fault.after && matches(fault, model)) {
        fault.struck ||= 1;
        return SLOW_FACTOR;
      }
    }
    return 1;
  }
}

function matches(fault: Armed, model: string | null): boolean {
  return fault.model === null || fault.model === plain(model);
}

function spend(fault: Armed): boolean {
  if (fault.left <= 0) return false;
  fault.left--;
  fault.struck++;
  return true;
}

function plain(model: string | null | undefined): string | null {
  return model === null || model === undefined ? null : model.replace(/:latest$/, '');
}
