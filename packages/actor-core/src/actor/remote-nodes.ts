import type { ActorAddress, MessageLane } from './actor-ref.ts';
import type { Question } from './envelope.ts';
import type { TableSizes } from './table-sizes.ts';
import type { LinkSide, WatchRegistration } from './watcher.ts';

/** The other nodes of the cluster, as the actor system uses them. */
export interface RemoteNodes {
  send(
    to: ActorAddress,
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question | undefined,
    trace: string | undefined,
    mayWait?: boolean,
  ): void;
  /** Sends a message whose sender learns when it is in the mailbox of its receiver. */
  sendOrWait(
    to: ActorAddress,
    message: unknown,
    wait: Question,
    timeoutMs: number,
    trace: string | undefined,
  ): void;
  /** Removes a question whose asker no longer waits from the mailbox of its receiver. */
  withdrawQuestion(to: ActorAddress, ask: Question): void;
  watch(watch: WatchRegistration, address: ActorAddress): void;
  /** `linked`: incarnation of the other side that the link joins; 0 where it is not known. */
  link(link: LinkSide, linked: number): void;
  addSizes(to: TableSizes): void;
  /** Sends what waits, then stops receiving. */
  close(): void;
}
