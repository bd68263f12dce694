import type { ActorSystem } from '../actor/actor-system.ts';
import { receive } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from '../cell/create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import { ManualClock } from './manual-clock.ts';

export interface LocalSystem {
  readonly system: ActorSystem;
  readonly clock: ManualClock;
  readonly events: RuntimeEvent[];
}

/** A system `n1` without a bus on a manual clock, and the events in it. */
export function localSystem(): LocalSystem {
  const clock = new ManualClock();
  const system = createActorSystem({ clock, nodeId: 'n1', incarnation: 7 });
  const events: RuntimeEvent[] = [];
  system.onEvent((event) => void events.push(event));
  return { system, clock, events };
}

export function deadLetters(events: readonly RuntimeEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'dead-letter' ? [event.reason] : []));
}

/** An actor that stores its messages in `seen`. */
export function recorder<M>(seen: M[]): Props<M> {
  return props<M>(() => receive((message) => void seen.push(message)));
}
