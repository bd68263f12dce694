import type { MessageLane } from './actor-ref.ts';

/** True for lanes that overtake data, in the mailbox and on the wire. */
export function isControl(lane: MessageLane | undefined): boolean {
  return lane === 'control' || lane === 'order';
}
