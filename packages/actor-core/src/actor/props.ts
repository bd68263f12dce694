import type { z } from 'zod';
import { InvalidArgumentError } from '../errors.ts';
import { resolveSupervision } from '../supervision/resolve-supervision.ts';
import type { SupervisionOptions } from './supervision-options.ts';
import type { Sender } from './actor-ref.ts';
import type { Behaviour } from './behaviour.ts';
import { mailboxLimits } from '../mailbox/mailbox-limits.ts';
import { type OptionNames, optionNames, requireKnownOptions } from '../known-options.ts';

const propsOptions = optionNames<Omit<Props<never>, 'create'>>({
  mailbox: true,
  restart: true,
  significant: true,
  supervision: true,
  protocol: true,
  accepts: true,
});

/** Recipe for an actor. */
export interface Props<M> {
  /** Makes the first behaviour of each incarnation. */
  readonly create: () => Behaviour<M>;
  /** Bound of its mailbox and what happens beyond. @default 1000 messages, then `reject` */
  readonly mailbox?: MailboxOptions | undefined;
  /** When it is started again: always, after a failure only, never. @default 'transient' */
  readonly restart?: RestartType | undefined;
  /**
   * Its ending by itself may end its supervisor: see `SupervisionOptions.autoShutdown`. Not for permanent actors.
   *
   * @default false
   */
  readonly significant?: boolean | undefined;
  /** How it supervises its own children. */
  readonly supervision?: SupervisionOptions | undefined;
  /**
   * What may reach it from other nodes. Checked at the edge of the node; a message that does not fit is counted,
   * logged once per peer and dropped. An actor without one cannot be reached from another node.
   */
  readonly protocol?: z.ZodType<M> | undefined;
  /**
   * Decides whether to accept a message from another node, by its sender. Called after `protocol` for each such message,
   * never for messages of this node. A refused message is counted, logged once per peer and dropped as `not-allowed`.
   * @default accepts every node
   */
  readonly accepts?: ((message: M, sender: Sender) => boolean) | undefined;
}

/**
 * When a supervisor starts a child again, in OTP's sense: always (`permanent`), after a failure or kill
 * (`transient`), never (`temporary`).
 */
export type RestartType = 'permanent' | 'transient' | 'temporary';

/** How many messages may wait for an actor, which goes first, and what becomes of those for which there is no room. */
export interface MailboxOptions {
  /** Messages waiting at most. @default 1000 */
  readonly capacity?: number;
  /**
   * What happens to a message that finds it full. `backpressure`: as `reject`, but whoever sends by `tellOrWait` waits
   * for room; as many as its capacity may wait. @default 'reject'
   */
  readonly overflow?: 'reject' | 'drop-newest' | 'drop-oldest' | 'backpressure';
  /**
   * The message with the smallest number is handled first, equals in the order they came; what has none (NaN, or
   * this throws) comes last. Not with `drop-oldest`. @default the order they came
   */
  readonly priorityOf?: (message: never) => number;
}

/**
 * A recipe for an actor: `create` makes the first behaviour of each incarnation, so what it closes over is new
 * after a restart.
 *
 * @throws InvalidArgumentError naming the option that cannot be
 */
export function props<M>(create: () => Behaviour<M>, options: Omit<Props<M>, 'create'> = {}): Props<M> {
  checkProps(options);
  return { create, ...options };
}

const propsNames: OptionNames = new Set([...propsOptions, 'create']);

/** As `props`, for a hand-written object. @throws InvalidArgumentError for a field name that `Props` does not have */
export function requireProps(recipe: Props<never>): void {
  requireKnownOptions('props', recipe, propsNames);
}

/** A recipe that cannot be says so where it is written, not where its first child is born. */
function checkProps<M>(options: Omit<Props<M>, 'create'>): void {
  const { mailbox, supervision, restart } = options;
  requireKnownOptions('props', options, propsOptions);
  mailboxLimits(mailbox);
  resolveSupervision(supervision);
  if (restart !== undefined && !restartTypes.has(restart))
    throw new InvalidArgumentError('props.restart', `must be one of ${[...restartTypes].join(', ')}`);
}

const restartTypes: ReadonlySet<RestartType> = new Set(['permanent', 'transient', 'temporary']);
