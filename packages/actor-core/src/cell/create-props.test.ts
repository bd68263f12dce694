import { expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.ts';
import { receive } from '../actor/behaviour.ts';
import type { Props } from '../actor/actor-context.ts';
import { props } from './create-props.ts';

type Options = Omit<Props<string>, 'create'>;

it.each([
  ['mailbox.capacity', { mailbox: { capacity: 0 } }],
  ['mailbox.overflow', { mailbox: { overflow: 'block' } }],
  ['mailbox.priorityOf', { mailbox: { overflow: 'drop-oldest', priorityOf: () => 0 } }],
  ['props.restart', { restart: 'always' }],
  ['supervision.strategy', { supervision: { strategy: 'one_for_all' } }],
  ['supervision.autoShutdown', { supervision: { autoShutdown: 'any_significant' } }],
  ['supervision.intensity', { supervision: { intensity: -1 } }],
  ['supervision.periodMs', { supervision: { periodMs: Number.NaN } }],
  ['supervision.backoffMaxMs', { supervision: { backoffMs: 100, backoffMaxMs: 10 } }],
  ['supervision.dynamic', { supervision: { dynamic: true, strategy: 'one-for-all' } }],
])('a recipe names the option that cannot be: %s', (argument, options) => {
  let error: unknown;
  try {
    props<string>(() => receive(() => undefined), options as unknown as Options);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect(error).toMatchObject({ argument });
});
