import type { ActorSystem } from '../actor/actor-system.ts';
import type { Remedy } from '../actor/runtime-event.ts';
import { localSystemOf } from '../system/local-system.ts';
import { remedyOf } from './remedy.ts';

/**
 * Calls the listener with each remedy of this node. Unlike `followRemedies` it hears no other node, and costs nothing
 * while nothing is mended. Returns the unsubscriber.
 */
export function followOwnRemedies(system: ActorSystem, listener: (remedy: Remedy) => void): () => void {
  return localSystemOf(system).onMending((event) => {
    const remedy = remedyOf(event);
    if (remedy !== undefined) listener(remedy);
  });
}
