import type { ActorRef } from './actor-ref.ts';
import type { Props } from './actor-context.ts';
import type { TerminationReason } from './signal.ts';

/** Instants, in clock milliseconds, of the restarts that still count. Never longer than the intensity. */
export type RestartHistory = readonly number[];

/** How an incarnation of a child ended: `stopped` by itself in order, else a failure or a kill. */
export type ChildOutcome = 'stopped' | 'failed' | 'killed';

/** Where an actor is in its lifecycle; the state diagram is in `cell/decide-lifecycle.ts`. */
export type ActorState =
  /** The behaviour of this incarnation is not created yet. */
  | 'starting'
  /** Handles messages. */
  | 'running'
  /** A handler awaits its promise. */
  | 'busy'
  /** The incarnation has ended and the supervisor decides, or a restart is under way. */
  | 'restarting'
  /** Failed too often under a dynamic supervisor, and stays down. */
  | 'parked'
  /** Ends, and no other incarnation follows. */
  | 'stopping'
  /** Has ended. */
  | 'stopped';

/** What a supervisor needs of a child. */
export interface Child {
  /** Name among the siblings; a number stands for the generated name `$number`. */
  readonly key: string | number;
  readonly name: string;
  readonly path: string;
  /** Grows with each actor of the node, so it also gives the start order. */
  readonly uid: number;
  readonly ref: ActorRef<never>;
  readonly props: Pick<Props<never>, 'restart' | 'significant'>;
  readonly state: ActorState;
  readonly incarnation: number;
  /** Restarts of this child that still count. */
  restartHistory: RestartHistory;
  /** Starts the first incarnation. */
  start(): void;
  /** Creates another actor with the same name and recipe; it is not started. */
  recreate(): Child;
  /** Ends the child in order: its current message is finished first. */
  stop(): void;
  /** Ends the child at once, in whatever state it is. */
  terminate(reason: TerminationReason): void;
  /** Ends the incarnation so that `startNext` can follow; `done` is called when nothing of it is left. */
  beginRestart(cause: unknown, done: () => void): void;
  /** Discards what is left of the incarnation, at once. */
  abandonIncarnation(): void;
  /** Starts the next incarnation; the mailbox is kept. */
  startNext(): void;
  /** Keeps the child down until it is stopped or replaced. */
  park(cause: unknown): void;
  /** Ends the child; no other incarnation follows. */
  end(reason: TerminationReason, cause: unknown): void;
  /** The child counts as failed when it ends. */
  markFailed(): void;
}

/** What a supervisor needs of the actor whose children it supervises. */
export interface ChildOwner {
  readonly path: string;
  /** True for the actor above all top-level actors. */
  readonly isRoot: boolean;
  /** True while the actor may have children: its incarnation has not ended. */
  readonly isUp: boolean;
  readonly props: Pick<Props<never>, 'supervision'>;
  /** Fails the incarnation of the owner. */
  fail(cause: unknown): void;
  /** Ends the incarnation of the owner as a behaviour does that returns `stopped`. */
  stopItself(): void;
}
