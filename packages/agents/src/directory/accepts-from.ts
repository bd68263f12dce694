import type { Sender } from '@drover/actor-core';
import type { DirectoryMessage } from '../protocol/directory-message.ts';

/**
 * Whether the directory accepts a message from its sender: requests from gateways and hosts, and reports from hosts
 * about themselves. NATS permissions guarantee that the sender's node is true and that its role may use the lane.
 */
export function acceptsFrom(message: DirectoryMessage, { node, nodeIncarnation, lane }: Sender): boolean {
  switch (message.kind) {
    case 'owned':
    case 'ended':
    case 'activated':
    case 'not-activated':
    case 'dispatched':
    case 'inventory':
    case 'states':
      return lane === 'order' && message.node === node && message.nodeIncarnation === nodeIncarnation;
    case 'settle':
      // A report with `replyTo` comes from a manager; without it, from an asker that lost its agent.
      return message.replyTo === undefined
        ? lane === 'request'
        : lane === 'order' && message.run.node === node && message.replyTo.address.node === node;
    default:
      return lane === 'request';
  }
}
