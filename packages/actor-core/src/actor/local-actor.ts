import type { z } from 'zod';
import type { ActorAddress, ActorRef, Sender } from './actor-ref.ts';
import type { BlockedSender } from './blocked-sender.ts';
import type { Child } from './child.ts';
import type { Envelope } from './envelope.ts';
import type { LastFailure } from './last-failure.ts';
import type { NodeServices } from './node-services.ts';
import type { DeadLetterReason } from './runtime-event.ts';
import type { WaitingActor } from './waiting-actor.ts';
import type { Watcher, WatchTable } from './watcher.ts';

/** What other nodes may send to a recipient. */
export interface RecipientRules {
  /** As `Props.protocol`. */
  readonly protocol?: z.ZodType | undefined;
  /** As `Props.accepts`. */
  readonly accepts?: ((message: never, sender: Sender) => boolean) | undefined;
}

/** What a message, a watch or a link of this node can be addressed to: an actor, or an adapter of one. */
export interface Recipient {
  readonly uid: number;
  readonly address: ActorAddress;
  readonly props: RecipientRules;
  /** The actor that handles the messages; an actor is its own owner. */
  readonly owner: LocalActor;
  /** True when nothing can be delivered any more. */
  readonly ended: boolean;
  /** Puts a message (or an `Envelope`) into the mailbox. False when it became a dead letter. */
  deliver(item: unknown, control: boolean): boolean;
  /** As `deliver`; the sender learns when its message is in the mailbox, or that it never will be. */
  deliverOrWait(item: unknown, sender: BlockedSender): void;
  /** The watcher is notified when the recipient has ended. */
  addWatcher(watcher: Watcher): void;
  removeWatcher(watcher: Watcher): void;
}

/** An actor of this node, as everything outside its cell sees it. */
export interface LocalActor extends Recipient, WaitingActor, Omit<Child, 'props'> {
  readonly node: NodeServices;
  readonly parent: LocalActor | undefined;
  readonly props: RecipientRules & Child['props'];
  /** False once the actor has ended, or is parked. */
  readonly alive: boolean;
  readonly mailbox: { readonly depth: number; readonly capacity: number };
  /** Messages handled by all incarnations. */
  readonly processed: number;
  /** The current message, where it has an envelope. */
  readonly currentEnvelope: Envelope | undefined;
  readonly lastFailure: LastFailure | undefined;
  /** The incarnation that runs, or starts next. */
  readonly presentIncarnation: number;
  readonly watches: WatchTable;
  readonly hasChildren: boolean;
  readonly children: Iterable<LocalActor>;
  /** Stops a child in order; `done` is called once it has ended. */
  stopChild(child: LocalActor, done?: () => void): void;
  /** Starts a new actor in the place of a parked child. @throws InvalidArgumentError for a child that is not parked */
  unparkChild(child: LocalActor): ActorRef<never>;
  /** Ends the incarnation at once: mailbox dropped, late results ignored. The supervisor decides what follows. */
  kill(): void;
  /** Fails this incarnation because a linked actor has ended; nothing happens once it has ended itself. */
  failLinked(incarnation: number, error: Error): void;
  /** Reports a message as a dead letter of this actor; a waiting asker gets the error. */
  drop(item: unknown, reason: DeadLetterReason): false;
}
