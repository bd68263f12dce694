import { describe, expect, it } from 'vitest';
import { SlotQueue } from './slot-queue.ts';

function setup(limits: Partial<{ slots: number; maxQueue: number; maxHeldBytes: number }> = {}) {
  const queue = new SlotQueue({ slots: 1, maxQueue: 2, maxHeldBytes: 100, ...limits });
  const arrive = (id: string, priority = 0, bodyBytes = 1) => {
    const offer = queue.offer({ id, priority, bodyBytes });
    if (offer.kind === 'taken') queue.ready(id);
    return offer;
  };
  return { queue, arrive };
}

describe('SlotQueue', () => {
  it('lets at most `slots` inside and hands a free slot to the next in order of arrival', () => {
    const { queue, arrive } = setup();
    for (const id of ['a', 'b', 'c']) arrive(id);
    expect(queue.fill()).toEqual(['a']);
    expect(queue.fill()).toEqual([]);
    queue.leave('a');
    expect(queue.fill()).toEqual(['b']);
  });

  it('serves a higher priority first and keeps the order within one', () => {
    const { queue, arrive } = setup({ maxQueue: 5 });
    arrive('running');
    queue.fill();
    for (const [id, priority] of [
      ['low-1', 0],
      ['high-1', 5],
      ['low-2', 0],
      ['high-2', 5],
    ] as const)
      arrive(id, priority);
    expect(queue.waiting().map(({ id }) => id)).toEqual(['high-1', 'high-2', 'low-1', 'low-2']);
  });

  it('tells 0 to who runs now and the place in the queue to the others', () => {
    const { queue, arrive } = setup();
    expect(arrive('a')).toEqual({ kind: 'taken', position: 0 });
    queue.fill();
    expect(arrive('b')).toEqual({ kind: 'taken', position: 1 });
    expect(arrive('c')).toEqual({ kind: 'taken', position: 2 });
  });

  it('is full at slots + maxQueue, bodies that are still coming included', () => {
    const { queue, arrive } = setup();
    for (const id of ['a', 'b']) arrive(id);
    queue.offer({ id: 'c', priority: 0, bodyBytes: 1 });
    expect(arrive('d')).toMatchObject({ kind: 'full' });
    expect(queue.queued).toBe(3);
  });

  it('is full when the bodies it holds would exceed maxHeldBytes', () => {
    const { queue, arrive } = setup();
    arrive('a', 0, 80);
    expect(arrive('b', 0, 21)).toMatchObject({
      kind: 'full',
      reason: expect.stringContaining('maxHeldBytes'),
    });
    queue.leave('a');
    expect(arrive('b', 0, 100)).toMatchObject({ kind: 'taken' });
  });

  it('does not start a request whose body is not whole, nor make others wait for it', () => {
    const { queue, arrive } = setup();
    queue.offer({ id: 'slow-body', priority: 9, bodyBytes: 1 });
    arrive('b');
    expect(queue.fill()).toEqual(['b']);
  });

  it('releases a slot once, however often it is asked to', () => {
    const { queue, arrive } = setup();
    for (const id of ['a', 'b', 'c']) arrive(id);
    queue.fill();
    expect(queue.leave('a')).toBe(true);
    expect(queue.leave('a')).toBe(false);
    expect(queue.fill()).toEqual(['b']);
    expect(queue.leave('a')).toBe(false);
    expect(queue.fill()).toEqual([]);
    expect(queue.busy).toBe(1);
  });
});
