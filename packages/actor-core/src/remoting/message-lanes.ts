import type { MessageLane } from '../actor/actor-ref.ts';
import type { Outgoing } from './outboxes.ts';

/** Token of each lane in the subject. */
export const wireLane: Readonly<Record<MessageLane, Outgoing>> = {
  control: 'ctl',
  data: 'dat',
  request: 'req',
  order: 'ord',
};

export const messageLanes: readonly MessageLane[] = ['control', 'data', 'request', 'order'];
