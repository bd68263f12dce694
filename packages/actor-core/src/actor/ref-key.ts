import type { ActorRef } from './actor-ref.ts';
import { adapterPath } from './adapter.ts';
import { endpointPath } from './endpoint.ts';

/** Names what a ref points at: equal for equal addresses. */
export function refKey(ref: ActorRef<never>): string {
  const { node, nodeIncarnation, path, uid } = ref.address;
  return `${node}|${nodeIncarnation}|${uid}|${path}`;
}

/**
 * Names the place that a ref points at: equal for every ref to one actor, whether the ref names an incarnation and a
 * number or leaves them open. Adapters and answers share a path, so the number tells them apart.
 */
export function placeKey(ref: ActorRef<never>): string {
  const { node, path, uid } = ref.address;
  return path === endpointPath || path === adapterPath ? `${node}|${path}|${uid}` : `${node}|${path}`;
}
