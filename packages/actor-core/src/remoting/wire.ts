import type { DeadLetterReason } from '../actor/runtime-event.ts';
import type { TerminationReason } from '../actor/signal.ts';

/**
 * The wire format between two nodes. A frame is one version byte, followed by MessagePack values: the incarnation of
 * the sender, then messages as positional tuples. These tables only grow: the meaning of a kind never changes, and
 * fields are only added at the end.
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
 * Asks for a notice when the actor ends. Repeated until it is confirmed, and at intervals after that. With a linker it
 * links the present incarnation of the actor to the incarnation of the linker, and the receiver watches the linker in
 * return. `linked`: the incarnation of the actor that is linked; 0 until it is known.
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
  /**
   * A message to an actor. `ask` is the number of the question that it carries, 0 for none; `chain` is the call chain
   * of the question, `trace` a W3C traceparent. With `waitMs` it is not a question: its sender is blocked for at most
   * that time, and `ask` gets a confirmation once the message is in the mailbox. `restMs` is the longest wait for the
   * answer of a question, or with `onlyBegin` the longest wait until the question is started.
   */
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
  /** Confirms a watch: number of the actor, and for a link its incarnation. */
  | readonly [kind: 3, watchId: number, uid: number, incarnation?: unknown]
  /** The watched actor has ended; `code` and `message` describe a failure. */
  | readonly [kind: 4, watchId: number, reason: TerminationReason, code?: unknown, message?: unknown]
  /** The question was not delivered, or its answer could not be sent; `too-large` comes with the sizes. */
  | readonly [kind: 5, ask: number, reason: DeadLetterReason, bytes?: number, limitBytes?: number]
  | TakeBackMessage;

/**
 * Withdraws a question of the sender from the mailbox of that actor when it is not started. With `waiterUid`: only
 * while the actor with that number handles message `waiterHandling`, since both actors wait for each other.
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

/** True for a message of a kind that this node does not know. */
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
