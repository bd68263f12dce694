import { InvalidArgumentError } from '../errors.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const mailboxOptions = optionNames<MailboxOptions>({ capacity: true, overflow: true, priorityOf: true });

/** The checked options of a mailbox; one object for all actors of a recipe. */
export interface MailboxLimits {
  readonly capacity: number;
  readonly overflow: NonNullable<MailboxOptions['overflow']>;
}

const overflows: ReadonlySet<MailboxLimits['overflow']> = new Set([
  'reject',
  'drop-newest',
  'drop-oldest',
  'backpressure',
]);

const defaults: MailboxLimits = Object.freeze({ capacity: 1000, overflow: 'reject' });

const resolved = new WeakMap<MailboxOptions, MailboxLimits>();

/** @throws InvalidArgumentError unless the capacity is a whole number of at least 1 */
export function mailboxLimits(options: MailboxOptions | undefined): MailboxLimits {
  if (options === undefined) return defaults;
  let limits = resolved.get(options);
  if (limits === undefined) {
    requireKnownOptions('mailbox', options, mailboxOptions);
    limits = {
      capacity: options.capacity ?? defaults.capacity,
      overflow: options.overflow ?? defaults.overflow,
    };
    if (!(Number.isInteger(limits.capacity) && limits.capacity >= 1))
      throw new InvalidArgumentError('mailbox.capacity', 'must be a whole number of at least 1');
    if (!overflows.has(limits.overflow))
      throw new InvalidArgumentError('mailbox.overflow', `must be one of ${[...overflows].join(', ')}`);
    if (options.priorityOf !== undefined && limits.overflow === 'drop-oldest')
      throw new InvalidArgumentError('mailbox.priorityOf', 'cannot be combined with overflow "drop-oldest"');
    resolved.set(options, limits);
  }
  return limits;
}
