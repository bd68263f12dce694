import type { FleetEvent } from './event.ts';

/** Who reads events. */
export interface EventReader {
  /** Sees the events of this tenant; undefined for none. */
  readonly tenant: string | undefined;
  /** Sees the events of the cluster, which belong to no tenant. */
  readonly seesCluster: boolean;
}

/** Which events are wanted. An empty list wants all. */
export interface EventFilter {
  /** Types; one that ends in `.*` stands for all that begin so. */
  readonly types: readonly string[];
  /** Targets; one that ends in `/*` stands for all that begin so. */
  readonly targets: readonly string[];
}

export const everyEvent: EventFilter = { types: [], targets: [] };

/** Whether the reader may see the event, and wants it. Pure. */
export function isFor(event: FleetEvent, reader: EventReader, { types, targets }: EventFilter): boolean {
  const maySee = event.tenant === undefined ? reader.seesCluster : event.tenant === reader.tenant;
  return (
    maySee &&
    (types.length === 0 || types.some((type) => covers(type, event.type, '.*'))) &&
    (targets.length === 0 || targets.some((target) => event.targets.some((one) => covers(target, one, '/*'))))
  );
}

function covers(pattern: string, text: string, wildcard: string): boolean {
  return pattern.endsWith(wildcard) ? text.startsWith(pattern.slice(0, -1)) : pattern === text;
}
