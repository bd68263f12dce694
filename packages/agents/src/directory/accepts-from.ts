import type { Sender } from '@drover/actor-core';
import type { DirectoryMessage } from '../protocol/directory-message.ts';

/**
 * Whether the directory accepts a message from that sender: requests from gateways and hosts; reports from hosts, each
 * about itself only. NATS permissions pin a sender's node and the lanes its role may publish on. Pure.
 */
export function acceptsFrom(message: DirectoryMessage, { node, nodeIncarnation, lane }: Sender): boolean {
  switch (message.kind) {
    case 'activated':
    case 'not-activated':
    case 'dispatched':
    case 'inventory':
    case 'states':
      return lane === 'order' && message.node === node && message.nodeIncarnation === nodeIncarnation;
    case 'settle':
      // The manager repeats this message until it is confirmed; an asker whose agent was lost sends it once.
      return message.replyTo === undefined
        ? lane === 'request'
        : lane === 'order' && message.run.node === node && message.replyTo.address.node === node;
    default:
      return lane === 'request';
  }
}
