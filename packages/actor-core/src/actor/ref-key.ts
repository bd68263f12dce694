import type { ActorRef } from './actor-ref.ts';
import { adapterPath } from './endpoint-path.ts';
import { endpointPath } from './endpoint-path.ts';

/** Key of the exact address in a ref: equal for equal addresses. */
export function refKey(ref: ActorRef<never>): string {
  const { node, nodeIncarnation, path, uid } = ref.address;
  return `${node}|${nodeIncarnation}|${uid}|${path}`;
}

/**
 * Key of the actor that a ref points to: equal for all refs to one actor, with or without incarnation and uid. Adapters
 * and pending asks share a path, so that their key includes the uid.
 */
export function placeKey(ref: ActorRef<never>): string {
  const { node, path, uid } = ref.address;
  return path === endpointPath || path === adapterPath ? `${node}|${path}|${uid}` : `${node}|${path}`;
}
