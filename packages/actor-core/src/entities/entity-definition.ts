import type { z } from 'zod';
import type { Sender } from '../actor/actor-ref.ts';
import type { Behaviour } from '../actor/actor-context.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { Fence, FencedOutcome } from '../fence/fence.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { BatchRecord } from '../storage/log/log.ts';
import type { Role } from '../transport/roles.ts';
import { requireToken } from '../transport/subjects.ts';
import type { EntityId } from './entity-id.ts';
import type { PlacementMember } from './placement-view.ts';

/**
 * One activation of an entity, as its behaviour sees it. At most one activation of an entity can write: the fence of an
 * earlier activation is refused by the store.
 */
export interface Entity extends EntityId {
  /** Counts the activations of the entity, from 1; a restart after a failure belongs to the same activation. */
  readonly activation: number;
  /**
   * Whether the activation before was given up in order, such as for a move. False for the first activation, and where
   * the node of the one before has ended.
   */
  readonly isHandedOver: boolean;
  /** The right to write of this activation. */
  readonly fence: Fence;
  /** The log that holds the records of the entity; `fence` protects only writes to this log. */
  readonly log: string;
  /** A subject of this entity in `log`, such as `subject('journal')`. The token `own` is the fence's. */
  subject(...tokens: readonly string[]): string;
  /**
   * Writes all records to `log`, or none, if this activation still owns the entity. When it does not, the activation
   * ends, and its waiting messages go to the new owner.
   *
   * @throws StoreUnavailableError the outcome is unknown
   */
  write(...records: readonly BatchRecord[]): Promise<FencedOutcome>;
  /** Aborted when the activation has ended or has lost the entity. */
  readonly signal: AbortSignal;
}

/** A kind of entity: keyed actors of which each runs on one node at a time, started by its first message. */
export interface EntityDefinition<M> {
  /** Name of the type, the same on all nodes: 1 to 64 characters of a-z, 0-9, `_` and `-`. */
  readonly type: string;
  /** What nodes may send to an entity of the type. */
  readonly protocol: z.ZodType<M>;
  /** Makes the behaviour of one activation, and again after each failure. */
  readonly behaviour: (entity: Entity) => Behaviour<M>;
  /** Only members with this role hold entities of the type. Each of them must start the type. @default 'host' */
  readonly role?: Role;
  /**
   * Which member gets an entity. `hash`: all the same share. A function gives each member a share by what the view says
   * of it, for example its memory; it must give the same number on every node. 0 is no share. @default 'hash'
   */
  readonly placement?: 'hash' | ((member: PlacementMember) => number);
  /** An entity without messages for this time is passivated; 0 is never. @default 120_000, with `remember` 0 */
  readonly passivateAfterMs?: number;
  /** Entities of the type on one node; above it those that were used least recently are passivated. @default 10_000 */
  readonly maxResident?: number;
  /** Messages that wait for one entity while it is activated or moved; more are refused. @default 1_000 */
  readonly maxBuffered?: number;
  /** Longest time for which a message waits for the activation of its entity. @default 10_000 */
  readonly activationTimeoutMs?: number;
  /** Longest time for an entity to finish its current message before it is killed to be moved. @default 10_000 */
  readonly handOverTimeoutMs?: number;
  /** Whether entities move to the member that the placement names now, after members have joined. @default true */
  readonly rebalance?: boolean;
  /**
   * Whether entities that were active when their node was lost are activated elsewhere without a message.
   *
   * @default false
   */
  readonly remember?: boolean;
  /** Keys that are always active. @default none */
  readonly keep?: readonly string[];
  /** Mailbox of each entity. @default 1000 messages, then `reject` */
  readonly mailbox?: MailboxOptions;
  /** Restarts of a failing entity; over the intensity it is given up until its next message. @default 3 in 30 s */
  readonly supervision?: Pick<SupervisionOptions, 'intensity' | 'periodMs' | 'backoffMs' | 'backoffMaxMs'>;
  /** As `Props.accepts`. @default accepts every node */
  readonly accepts?: (message: M, sender: Sender) => boolean;
}

/** A declared type of entities that take messages of `M`. Made by `defineEntity`. */
export interface EntityKind<in M> {
  readonly type: string;
  /** The definition, with every limit stated. */
  readonly resolved: EntityType;
  /** Not there: it only makes the messages part of the type. */
  readonly takes?: (message: M) => void;
}

/** A definition with every limit stated. */
export interface EntityType {
  readonly type: string;
  readonly protocol: z.ZodType;
  readonly behaviour: (entity: Entity) => Behaviour<never>;
  readonly role: Role;
  readonly weight: (member: PlacementMember) => number;
  readonly passivateAfterMs: number;
  readonly maxResident: number;
  readonly maxBuffered: number;
  readonly activationTimeoutMs: number;
  readonly handOverTimeoutMs: number;
  readonly rebalance: boolean;
  readonly remember: boolean;
  readonly keep: ReadonlySet<string>;
  readonly mailbox: MailboxOptions | undefined;
  readonly supervision: SupervisionOptions;
  readonly accepts: ((message: never, sender: Sender) => boolean) | undefined;
}

const definitionOptions = optionNames<EntityDefinition<never>>({
  type: true,
  protocol: true,
  behaviour: true,
  role: true,
  placement: true,
  passivateAfterMs: true,
  maxResident: true,
  maxBuffered: true,
  activationTimeoutMs: true,
  handOverTimeoutMs: true,
  rebalance: true,
  remember: true,
  keep: true,
  mailbox: true,
  supervision: true,
  accepts: true,
});

/** Defaults of the limits. */
const limits = {
  passivateAfterMs: 120_000,
  maxResident: 10_000,
  maxBuffered: 1_000,
  activationTimeoutMs: 10_000,
  handOverTimeoutMs: 10_000,
} as const;

/**
 * Declares a type of entities. Start it with `startEntities`.
 *
 * @throws InvalidArgumentError naming the invalid option
 */
export function defineEntity<M>(definition: EntityDefinition<M>): EntityKind<M> {
  requireKnownOptions('entity', definition, definitionOptions);
  const { placement = 'hash', remember = false, keep = [] } = definition;
  const isLasting = remember || keep.length > 0;
  const whole = (name: keyof typeof limits, least: number) =>
    requireWhole(`entity.${name}`, definition[name] ?? limits[name], least);
  const handOverTimeoutMs = whole('handOverTimeoutMs', 0);
  const resolved: EntityType = {
    type: requireToken('entity.type', definition.type),
    protocol: definition.protocol,
    behaviour: definition.behaviour as EntityType['behaviour'],
    role: definition.role ?? 'host',
    weight: placement === 'hash' ? () => 1 : placement,
    passivateAfterMs:
      isLasting && definition.passivateAfterMs === undefined ? 0 : whole('passivateAfterMs', 0),
    maxResident: whole('maxResident', 1),
    maxBuffered: whole('maxBuffered', 1),
    activationTimeoutMs: whole('activationTimeoutMs', 1),
    handOverTimeoutMs,
    rebalance: definition.rebalance ?? true,
    remember,
    keep: new Set(keep),
    mailbox: definition.mailbox,
    supervision: { ...definition.supervision, dynamic: true, shutdownMs: handOverTimeoutMs },
    accepts: definition.accepts,
  };
  return { type: resolved.type, resolved };
}

function requireWhole(name: string, value: number, least: number): number {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new InvalidArgumentError(name, `must be a whole number of at least ${least}`);
  return value;
}
