import { eventSourceOf, type LocalNode, senderOf } from '@drover/actor-core/cluster';
import { decodeEvent, type FleetEvent } from './event.ts';
import { eventTypes } from './event-types.ts';

/**
 * Whether the source of an event has a role that may say so. A node that is not known is believed: it may have ended
 * since, and NATS has let it publish.
 */
export function mayPublish({ type, source }: FleetEvent, { presence }: Pick<LocalNode, 'presence'>): boolean {
  const member = presence.member(source);
  return member === undefined || member.roles.some((role) => eventTypes[type].by.includes(role));
}

/** The event in a record of the stream; undefined where it is none, or its source is not the one of the subject. */
export function eventOfRecord(
  { subject, payload }: { readonly subject: string; readonly payload: Uint8Array },
  node: Pick<LocalNode, 'presence'>,
): FleetEvent | undefined {
  const event = decodeEvent(payload);
  if (event === undefined || event.source !== eventSourceOf(subject)) return undefined;
  if (!eventTypes[event.type].isDurable || !mayPublish(event, node)) return undefined;
  const by = senderOf(subject);
  const writer = by === event.source ? undefined : node.presence.member(by);
  return writer === undefined || writer.roles.includes('host') ? event : undefined;
}
