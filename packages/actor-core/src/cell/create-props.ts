import type { Behaviour } from '../actor/actor-context.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import type { Props } from '../actor/actor-context.ts';
import { InvalidArgumentError } from '../errors.ts';
import { type OptionNames, optionNames, requireKnownOptions } from '../known-options.ts';
import { mailboxLimits } from '../mailbox/mailbox-limits.ts';
import { resolveSupervision } from '../supervision/resolve-supervision.ts';

const propsOptions = optionNames<Omit<Props<never>, 'create'>>({
  mailbox: true,
  restart: true,
  significant: true,
  supervision: true,
  protocol: true,
  accepts: true,
});
const propsNames: OptionNames = new Set([...propsOptions, 'create']);
const restartTypes: ReadonlySet<RestartType> = new Set(['permanent', 'transient', 'temporary']);

/**
 * A recipe for an actor. `create` makes the first behaviour of each incarnation, so that variables inside `create` are
 * new after a restart.
 *
 * @throws InvalidArgumentError naming the invalid option
 */
export function props<M>(create: () => Behaviour<M>, options: Omit<Props<M>, 'create'> = {}): Props<M> {
  checkProps(options);
  return { create, ...options };
}

/** As `props`, for a hand-written object. @throws InvalidArgumentError for a field name that `Props` does not have */
export function requireProps(recipe: Props<never>): void {
  requireKnownOptions('props', recipe, propsNames);
}

/** Checks a recipe where it is written, not later where its first actor is spawned. */
function checkProps<M>(options: Omit<Props<M>, 'create'>): void {
  const { mailbox, supervision, restart } = options;
  requireKnownOptions('props', options, propsOptions);
  mailboxLimits(mailbox);
  resolveSupervision(supervision);
  if (restart !== undefined && !restartTypes.has(restart))
    throw new InvalidArgumentError('props.restart', `must be one of ${[...restartTypes].join(', ')}`);
}
