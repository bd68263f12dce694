/**
 * Checks whether what concurrent clients saw could have come from one object that does one operation after the other.
 *
 * The search of Wing and Gong (1993) with Lowe's memory of states that were tried (2017), as in Porcupine and Knossos.
 * An operation without a known outcome may have taken effect at any time after its call, or never.
 */

/** One operation of one client. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** What the client was told; undefined when the outcome is unknown. */
  readonly output: Output | undefined;
  readonly calledMs: number;
  /** Infinite when the outcome is unknown. */
  readonly returnedMs: number;
}

/** A sequential object. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The states after the operation, empty when this output is impossible here. An unknown output is undefined. */
  readonly step: (state: State, input: Input, output: Output | undefined) => readonly State[];
  /** Equal for equal states. */
  readonly key: (state: State) => string;
}

export type Verdict<Input, Output> =
  | { readonly kind: 'linearizable' }
  /** `longest`: most operations that fit in one order. `stuck`: those that could not come next after them. */
  | {
      readonly kind: 'violation';
      readonly longest: number;
      readonly stuck: readonly Operation<Input, Output>[];
    }
  /** More states than `maxSteps` were tried. */
  | { readonly kind: 'undecided' };

interface Entry<Input, Output> {
  readonly id: number;
  readonly operation: Operation<Input, Output>;
  readonly isCall: boolean;
  match: Entry<Input, Output> | undefined;
  previous: Entry<Input, Output> | undefined;
  next: Entry<Input, Output> | undefined;
}

interface Choice<State, Input, Output> {
  readonly entry: Entry<Input, Output>;
  readonly before: State;
  /** Further states that the operation could have led to. */
  readonly others: readonly State[];
}

/** Checks one object. Histories of many keys are checked key by key: linearizability is local. */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  maxSteps: number = 5_000_000,
): Verdict<Input, Output> {
  const search = new Search(model, operations);
  for (let step = 0; step < maxSteps; step++) {
    const outcome = search.step();
    if (outcome !== undefined) return outcome;
  }
  return { kind: 'undecided' };
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  /** Before the first entry of those not placed yet, in the order of time. */
  readonly #head: Entry<Input, Output>;
  readonly #tried = new Set<string>();
  readonly #path: Choice<State, Input, Output>[] = [];
  readonly #placed: Uint8Array;
  #state: State;
  #entry: Entry<Input, Output> | undefined;
  /** Operations with a known outcome that are not placed. */
  #known: number;
  #longest = 0;
  #stuck: readonly Operation<Input, Output>[] = [];

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#state = model.initial;
    this.#placed = new Uint8Array(operations.length);
    this.#known = operations.filter(isKnown).length;
    this.#head = linkEntries(operations);
    this.#entry = this.#head.next;
  }

  /** One step of the search; the verdict once it is over. */
  step(): Verdict<Input, Output> | undefined {
    const entry = this.#entry;
    // What is left has an unknown outcome, and need not have happened.
    if (entry === undefined || this.#known === 0) return { kind: 'linearizable' };
    if (entry.isCall) {
      const states = this.#model.step(this.#state, entry.operation.input, entry.operation.output);
      if (!this.#place(entry, states)) this.#entry = entry.next;
      return undefined;
    }
    // An operation returned that could not be placed: something before it was placed wrongly.
    return this.#goBack();
  }

  /** Takes the operation as the next one, unless that was tried. */
  #place(entry: Entry<Input, Output>, states: readonly State[]): boolean {
    if (states.length === 0) return false;
    const [state, ...others] = states as readonly [State, ...State[]];
    this.#placed[entry.id] = 1;
    if (!this.#isNew(state)) {
      this.#placed[entry.id] = 0;
      return others.length > 0 && this.#place(entry, others);
    }
    this.#path.push({ entry, before: this.#state, others });
    this.#state = state;
    lift(entry);
    if (isKnown(entry.operation)) this.#known -= 1;
    if (this.#path.length > this.#longest) this.#longest = this.#path.length;
    this.#entry = this.#head.next;
    return true;
  }

  #isNew(state: State): boolean {
    const key = `${Buffer.from(this.#placed).toString('latin1')}|${this.#model.key(state)}`;
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    return true;
  }

  #goBack(): Verdict<Input, Output> | undefined {
    if (this.#path.length === this.#longest) this.#stuck = this.#waiting();
    const choice = this.#path.pop();
    if (choice === undefined) return { kind: 'violation', longest: this.#longest, stuck: this.#stuck };
    const { entry, before, others } = choice;
    this.#state = before;
    this.#placed[entry.id] = 0;
    unlift(entry);
    if (isKnown(entry.operation)) this.#known += 1;
    if (!this.#place(entry, others)) this.#entry = entry.next;
    return undefined;
  }

  /** Operations that were under way when the search got stuck. */
  #waiting(): readonly Operation<Input, Output>[] {
    const waiting: Operation<Input, Output>[] = [];
    for (let entry = this.#head.next; entry?.isCall === true; entry = entry.next)
      waiting.push(entry.operation);
    return waiting;
  }
}

function isKnown({ returnedMs }: Operation<unknown, unknown>): boolean {
  return returnedMs !== Number.POSITIVE_INFINITY;
}

/** Calls and returns in the order of time; a return at the same instant as a call comes after it. */
function linkEntries<Input, Output>(operations: readonly Operation<Input, Output>[]): Entry<Input, Output> {
  const entries = operations.flatMap((operation, id) => {
    const call: Entry<Input, Output> = {
      id,
      operation,
      isCall: true,
      match: undefined,
      previous: undefined,
      next: undefined,
    };
    const end: Entry<Input, Output> = { ...call, isCall: false, match: call };
    call.match = end;
    return [call, end];
  });
  const atMs = ({ isCall, operation }: Entry<Input, Output>): number =>
    isCall ? operation.calledMs : operation.returnedMs;
  const sorted = entries.toSorted((a, b) => {
    const [left, right] = [atMs(a), atMs(b)];
    // The difference of two infinities is no number.
    return left === right ? Number(b.isCall) - Number(a.isCall) : left - right;
  });
  const [first] = sorted;
  const head = {
    id: -1,
    operation: first?.operation,
    isCall: true,
    match: undefined,
    previous: undefined,
    next: first,
  } as Entry<Input, Output>;
  let previous = head;
  for (const entry of sorted) {
    previous.next = entry;
    entry.previous = previous;
    previous = entry;
  }
  return head;
}

function lift({ match, previous, next }: Entry<unknown, unknown>): void {
  if (previous !== undefined) previous.next = next;
  if (next !== undefined) next.previous = previous;
  if (match?.previous !== undefined) match.previous.next = match.next;
  if (match?.next !== undefined) match.next.previous = match.previous;
}

/** In the reverse order of `lift`. */
function unlift(entry: Entry<unknown, unknown>): void {
  const { match } = entry;
  if (match?.next !== undefined) match.next.previous = match;
  if (match?.previous !== undefined) match.previous.next = match;
  if (entry.next !== undefined) entry.next.previous = entry;
  if (entry.previous !== undefined) entry.previous.next = entry;
}
