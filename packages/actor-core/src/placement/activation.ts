import type { HostSeen, Placement } from './placement.ts';

/**
 * `unplaced`: waits for a live host · `activating`: placed, not yet confirmed by the host · `active`: the host has
 * confirmed that it runs · `stopped`: ended for good.
 */
export type PlacementPhase = 'unplaced' | 'activating' | 'active' | 'stopped';

/** What a leader knows about one entity. Changed in place by the functions below. */
export interface PlacedEntity<P extends Placement> {
  record: P;
  /** The newest record is known to be in the stream. */
  durable: boolean;
  phase: PlacementPhase;
  /** Activation orders that this leader has sent for this incarnation. */
  orders: number;
  /** Instant at which the next order, or the next search for a host, is due. */
  dueAtMs: number;
  /** Instant of the newest confirmation by the host. */
  confirmedAtMs: number;
  /** Host that did not answer or refused: another host is preferred. '' if there is none. */
  avoid: string;
}

export interface ActivationPolicy {
  /** Time that a host has to confirm an order before the order is repeated. */
  readonly activationTimeoutMs: number;
  /** Longest pause between two orders. */
  readonly activationBackoffMaxMs: number;
  /** Unanswered orders after which another host is tried. */
  readonly activationAttempts: number;
}

/** Pause between two searches for a host. */
const unplacedRetryMs = 250;

/** A placed entity whose record is not yet durable. */
export function newEntity<P extends Placement>(record: P): PlacedEntity<P> {
  return {
    record,
    durable: false,
    phase: 'activating',
    orders: 0,
    dueAtMs: Number.POSITIVE_INFINITY,
    confirmedAtMs: 0,
    avoid: '',
  };
}

/** Places the next incarnation on `host`. The caller writes the record and sends the order once it is durable. */
export function placeOn<P extends Placement>(
  entity: PlacedEntity<P>,
  host: HostSeen,
  policy: ActivationPolicy,
  nowMs: number,
): void {
  entity.record = {
    ...entity.record,
    incarnation: entity.record.incarnation + 1,
    node: host.node,
    nodeIncarnation: host.incarnation,
  };
  entity.phase = 'activating';
  entity.orders = 0;
  entity.dueAtMs = nowMs + policy.activationTimeoutMs;
}

/** No host is live: the entity waits for one. */
export function leaveUnplaced(entity: PlacedEntity<Placement>, nowMs: number): void {
  entity.phase = 'unplaced';
  entity.dueAtMs = nowMs + unplacedRetryMs;
}

/** Counts an order that is sent now, and sets when the next one is due (exponential backoff). */
export function countOrder(entity: PlacedEntity<Placement>, policy: ActivationPolicy, nowMs: number): void {
  const { activationTimeoutMs, activationBackoffMaxMs } = policy;
  entity.dueAtMs = nowMs + Math.min(activationTimeoutMs * 2 ** entity.orders, activationBackoffMaxMs);
  entity.orders += 1;
}

/** Records a host's confirmation of this incarnation. Returns true if the entity became active because of it. */
export function confirmActive(entity: PlacedEntity<Placement>, nowMs: number): boolean {
  entity.confirmedAtMs = nowMs;
  if (entity.phase === 'active') return false;
  entity.phase = 'active';
  entity.orders = 0;
  entity.avoid = '';
  return true;
}

/**
 * What to do about an entity that is due: `place` (search for a host), `order` (repeat the order to the same host),
 * `relocate` (the host does not answer and another host is live), or `wait` until the record is written.
 */
export function decideDue(
  entity: PlacedEntity<Placement>,
  liveHosts: number,
  policy: ActivationPolicy,
): 'place' | 'order' | 'relocate' | 'wait' {
  if (entity.phase === 'unplaced') return 'place';
  if (!entity.durable) return 'wait';
  return entity.orders < policy.activationAttempts || liveHosts < 2 ? 'order' : 'relocate';
}

export function isPlaced({ phase }: PlacedEntity<Placement>): boolean {
  return phase === 'active' || phase === 'activating';
}

/** True if this incarnation of the entity is the newest one, and is placed on this incarnation of the host. */
export function isPlacedOn(
  entity: PlacedEntity<Placement>,
  host: HostSeen,
  incarnation: number = entity.record.incarnation,
): boolean {
  const { record } = entity;
  return (
    isPlaced(entity) &&
    record.node === host.node &&
    record.nodeIncarnation === host.incarnation &&
    record.incarnation === incarnation
  );
}

/**
 * Whether the entity must be in an inventory that the host was asked for at `askedAtMs`: it was confirmed before, or
 * it was placed by an earlier leader.
 */
export function mustBeListed(entity: PlacedEntity<Placement>, host: HostSeen, askedAtMs: number): boolean {
  if (!isPlacedOn(entity, host)) return false;
  if (entity.phase === 'active') return entity.confirmedAtMs < askedAtMs;
  return entity.durable && entity.orders === 0;
}

/** Placed entities per node. */
export function countByNode(entities: Iterable<PlacedEntity<Placement>>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entity of entities) {
    const { node } = entity.record;
    if (isPlaced(entity)) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}
