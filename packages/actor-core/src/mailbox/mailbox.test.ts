import { array, assert, integer, option, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.ts';
import { Envelope } from '../actor/envelope.ts';
import { Mailbox } from './mailbox.ts';
import { empty, Ring } from './ring.ts';

function drain(mailbox: Mailbox): unknown[] {
  const taken: unknown[] = [];
  for (let item = mailbox.take(); item !== empty; item = mailbox.take()) taken.push(item);
  return taken;
}

describe('Ring', () => {
  it('behaves as an array for any pushes and shifts', () => {
    assert(
      property(array(option(integer()), { maxLength: 3_000 }), (steps) => {
        const ring = new Ring();
        const model: unknown[] = [];
        for (const step of steps) {
          if (step === null) {
            expect(ring.shift()).toBe(model.length === 0 ? empty : model.shift());
          } else {
            ring.push(step);
            model.push(step);
          }
          expect(ring.length).toBe(model.length);
        }
      }),
    );
  });
});

describe('Mailbox', () => {
  it('returns control before data, each in order', () => {
    const mailbox = new Mailbox(undefined);
    mailbox.offer('d1', false);
    mailbox.offer('c1', true);
    mailbox.offer('d2', false);
    mailbox.offer('c2', true);
    expect(drain(mailbox)).toEqual(['c1', 'c2', 'd1', 'd2']);
  });

  it.each([
    ['reject', 'full', [1, 2]],
    ['drop-newest', 'dropped', [1, 2]],
    ['drop-oldest', 'displaced', [2, 3]],
  ] as const)('answers a message over its bound with overflow %s by %s', (overflow, offer, kept) => {
    const mailbox = new Mailbox({ capacity: 2, overflow });
    mailbox.offer(1, false);
    mailbox.offer(2, false);
    expect(mailbox.offer(3, false)).toBe(offer);
    expect(drain(mailbox)).toEqual(kept);
  });

  it('has space for control when data is full', () => {
    const mailbox = new Mailbox({ capacity: 1 });
    mailbox.offer('d', false);
    expect(mailbox.offer('c', true)).toBe('taken');
  });

  it('accepts signals and timer messages past the bound and never displaces them', () => {
    const mailbox = new Mailbox({ capacity: 1, overflow: 'drop-oldest' });
    const owed = new Envelope('signal', undefined, { claim: () => true }, undefined);
    mailbox.force(owed);
    expect(mailbox.offer('a', false)).toBe('full');
    mailbox.take();
    mailbox.offer('a', false);
    mailbox.force(owed);
    expect(mailbox.offer('b', false)).toBe('displaced');
    expect(drain(mailbox)).toEqual([owed, 'b']);
  });

  it('refuses a capacity below 1', () => {
    expect(() => new Mailbox({ capacity: 0 })).toThrow(InvalidArgumentError);
  });
});
