import { Mailbox } from './mailbox.ts';
import { PriorityMailbox } from './priority-mailbox.ts';
import type { MailboxOptions } from '../actor/mailbox-options.ts';

/** @throws InvalidArgumentError for invalid options */
export function createMailbox(options: MailboxOptions | undefined): Mailbox {
  return options?.priorityOf === undefined
    ? new Mailbox(options)
    : new PriorityMailbox(options, options.priorityOf);
}
