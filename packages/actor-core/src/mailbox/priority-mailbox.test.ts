import { array, assert, integer, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.ts';
import { createMailbox } from './create-mailbox.ts';
import { empty } from './ring.ts';

type Message = readonly [priority: number, serial: number];
const priorityOf = ([priority]: Message): number => priority;

function drain(mailbox: { take(): unknown }): unknown[] {
  const taken: unknown[] = [];
  for (let item = mailbox.take(); item !== empty; item = mailbox.take()) taken.push(item);
  return taken;
}

describe('a mailbox with priorities', () => {
  it('returns messages by priority, equal ones in the order of arrival', () => {
    assert(
      property(array(tuple(integer({ min: 0, max: 4 }), integer())), (given) => {
        const messages = given.map(([priority], serial) => [priority, serial] as const);
        const mailbox = createMailbox({ priorityOf, capacity: 1_000 });
        for (const message of messages) mailbox.offer(message, false);
        expect(mailbox.depth).toBe(messages.length);
        expect(drain(mailbox)).toEqual(messages.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
      }),
    );
  });

  it('removes the matching messages, wherever they stand, and keeps the order of the others', () => {
    const mailbox = createMailbox({ priorityOf, capacity: 10 });
    const messages: Message[] = [1, 5, 2, 4, 3].map((priority, serial) => [priority, serial]);
    for (const message of messages) mailbox.offer(message, false);
    const isOdd = (item: unknown) => (item as Message)[1] % 2 === 1;
    expect(mailbox.has(isOdd)).toBe(true);
    expect(mailbox.takeWhere(isOdd)).toEqual([
      [4, 3],
      [5, 1],
    ]);
    expect(mailbox.has(isOdd)).toBe(false);
    expect(drain(mailbox)).toEqual([
      [1, 0],
      [2, 2],
      [3, 4],
    ]);
  });

  it('lets control overtake, puts messages back in front of equal ones, and keeps its bound', () => {
    const mailbox = createMailbox({ priorityOf, capacity: 2 });
    mailbox.offer([1, 1], false);
    mailbox.offer([0, 2], false);
    expect(mailbox.offer([0, 3], false)).toBe('full');
    mailbox.offer('control', true);
    mailbox.putBack([
      [1, 4],
      [1, 5],
    ]);
    expect(drain(mailbox)).toEqual(['control', [0, 2], [1, 4], [1, 5], [1, 1]]);
  });

  it('handles messages without a priority last', () => {
    const mailbox = createMailbox({ priorityOf: (message: string) => Number(message) });
    for (const message of ['none', '2', '1']) mailbox.offer(message, false);
    expect(drain(mailbox)).toEqual(['1', '2', 'none']);
  });

  it('cannot be combined with dropping the oldest', () => {
    expect(() => createMailbox({ priorityOf, overflow: 'drop-oldest' })).toThrow(InvalidArgumentError);
  });
});
