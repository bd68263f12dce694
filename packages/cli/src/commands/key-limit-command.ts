import type { LimitChanges } from '@drover/gateway/keys';
import { Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { badConfiguration } from '../errors.ts';

/** Flags of the limits of a key, with the field that each sets. */
const limitFlags = [
  ['--requests-per-minute', 'most requests to models in any minute'],
  ['--tokens-per-minute', 'most tokens of prompts and answers in any minute'],
  ['--concurrent-requests', 'most requests to models at the same time'],
  ['--tokens-per-day', 'most tokens on one day of UTC'],
  ['--tokens-per-month', 'most tokens in one month of UTC'],
] as const;

/** Changes the limits of the key and returns the lines or the object to print. */
export type LimitAction = (key: string, changes: LimitChanges, flags: object) => Promise<void>;

/** `drover key limit KEY`, without the flags that name the gateway. */
export function keyLimitCommand(act: LimitAction): Command {
  const command = new Command('limit')
    .description('change what a key may ask of models; the key itself stays the same')
    .argument('<key>');
  for (const [flag, text] of limitFlags)
    command.addOption(new Option(`${flag} <n>`, `${text}; none removes the limit`).argParser(countOrNone));
  return command
    .addHelpText(
      'after',
      '\nLimits that are not named stay.\n\nExample:\n  drover key limit ci --requests-per-minute 60 --tokens-per-day none',
    )
    .action(async (key: string, flags: Record<string, unknown>) => {
      const changes = changesIn(flags);
      if (Object.keys(changes).length === 0)
        throw badConfiguration('--requests-per-minute', 'or another limit must be named');
      await act(key, changes, flags);
    });
}

function changesIn({
  requestsPerMinute,
  tokensPerMinute,
  concurrentRequests,
  tokensPerDay,
  tokensPerMonth,
}: LimitChanges & Record<string, unknown>): LimitChanges {
  const all = { requestsPerMinute, tokensPerMinute, concurrentRequests, tokensPerDay, tokensPerMonth };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Parses a limit; null for `none`. */
function countOrNone(text: string): number | null {
  if (text === 'none') return null;
  if (!/^[1-9]\d{0,11}$/.test(text))
    throw new InvalidOption('It must be a whole number of at least 1, or none.');
  return Number(text);
}
