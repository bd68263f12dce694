import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { TerminationReason } from '../actor/signal.ts';

/**
 * What travels between two nodes. A frame is one version byte, then MessagePack values one after the other: the
 * sender's incarnation, then messages as positional tuples. Tables here only grow: a kind is never given another
 * meaning, a field is only ever added at the end.
 */
export const frameVersion = 1;

export const kind: {
  readonly tell: 0;
  readonly watch: 1;
  readonly unwatch: 2;
  readonly watching: 3;
  readonly terminated: 4;
  readonly refused: 5;
  readonly takeBack: 6;
} = { tell: 0, watch: 1, unwatch: 2, watching: 3, terminated: 4, refused: 5, takeBack: 6 };

/**
 * Please tell me when that actor ends; repeated until confirmed, and now and then after that. With a linker: when its
 * incarnation ends, and tell it when the linker's does, which is watched in turn. `linked` is the incarnation that the
 * link is known to join; 0 as long as nobody said.
 */
export type WatchMessage = readonly [
  kind: 1,
  watchId: number,
  path: string,
  uid: number,
  nodeIncarnation: number,
  linkerPath?: string,
  linkerUid?: number,
  linkerIncarnation?: number,
  linked?: number,
];

export type WireMessage =
  /** A message for an actor; `ask` numbers the question it carries, 0 = none; `chain` says who waits for it, `trace` is a W3C traceparent.
   * With `waitMs` it is no question: `ask` is told once the message is in the mailbox, where it may wait that long for room.
   * Of a question, `restMs` is how long its answer is awaited; with `onlyBegin`, how long it may take to begin. */
  | readonly [
      kind: 0,
      path: string,
      uid: number,
      nodeIncarnation: number,
      message: unknown,
      ask: number,
      chain?: unknown,
      trace?: unknown,
      waitMs?: unknown,
      restMs?: unknown,
      onlyBegin?: unknown,
    ]
  | WatchMessage
  | readonly [kind: 2, watchId: number]
  /** The watch stands; the actor is this one, in that incarnation. */
  | readonly [kind: 3, watchId: number, uid: number, incarnation?: unknown]
  /** The watched actor has ended; `code` and `message` say why one that failed did. */
  | readonly [kind: 4, watchId: number, reason: TerminationReason, code?: unknown, message?: unknown]
  /** The message that carried this question was not delivered, or its answer not sent; of `too-large` with the sizes. */
  | readonly [kind: 5, ask: number, reason: DeadLetterReason, bytes?: number, limitBytes?: number]
  | TakeBackMessage;

/**
 * Takes this question, which the sender asked that actor, out of its mailbox where it is not begun. With `waiter`: only
 * where that handling of the actor with that number is still under way, since the two wait for each other.
 */
export type TakeBackMessage = readonly [
  kind: 6,
  ask: number,
  path: string,
  uid: number,
  waiterUid?: number,
  waiterHandling?: number,
];

const terminationReasons: ReadonlySet<unknown> = new Set<TerminationReason>([
  'stopped',
  'failed',
  'killed',
  'node-down',
  'not-found',
]);

const count = (value: unknown): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const kinds: ReadonlySet<unknown> = new Set(Object.values(kind));

/** Is it a message of a kind that this node does not know? */
export function isUnknownKind(value: unknown): boolean {
  return Array.isArray(value) && Number.isSafeInteger(value[0]) && !kinds.has(value[0]);
}

/** None, or all of it; what a later version adds is no fault. */
const isLinker = ([path, ...numbers]: unknown[]): boolean =>
  path === undefined || (typeof path === 'string' && numbers.length >= 3 && numbers.slice(0, 3).every(count));

/** What is wrong with a decoded value as a message; undefined when nothing is. */
export function wireFault(value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'message is not a tuple';
  const [first, a, b, c, , e] = value as unknown[];
  switch (first) {
    case kind.tell:
      return typeof a === 'string' && count(b) && count(c) && count(e) ? undefined : 'malformed tell';
    case kind.watch:
      return count(a) && typeof b === 'string' && count(c) && count(value[4]) && isLinker(value.slice(5))
        ? undefined
        : 'malformed watch';
    case kind.unwatch:
      return count(a) ? undefined : 'malformed unwatch';
    case kind.watching:
      return count(a) && count(b) ? undefined : 'malformed watching';
    case kind.terminated:
      return count(a) && terminationReasons.has(b) ? undefined : 'malformed terminated';
    case kind.refused:
      return count(a) && typeof b === 'string' ? undefined : 'malformed refused';
    case kind.takeBack:
      return count(a) && typeof b === 'string' && count(c) && value.slice(4, 6).every(count)
        ? undefined
        : 'malformed take-back';
    default:
      return `unknown message kind ${String(first)}`;
  }
}
