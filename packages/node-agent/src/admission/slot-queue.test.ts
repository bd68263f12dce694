import { describe, expect, it } from 'vitest';
import { SlotQueue } from './slot-queue.ts';
import type { SlotQueueLimits, Ticket } from './ticket.ts';

function setup({ slots = 1, ...limits }: Partial<SlotQueueLimits> & { slots?: number } = {}) {
  const queue = new SlotQueue(slots, {
    maxQueue: 2,
    maxHeldBytes: 100,
    maxReserved: 3,
    offerMs: 250,
    reservationMs: 4_000,
    ...limits,
  });
  let nowMs = 1_000;
  let arrived = 0;
  const ticket = (id: string, more: Partial<Ticket> = {}): Ticket => {
    arrived += 1;
    return { id, owner: 'gw', model: 'm', priority: 0, sinceMs: arrived, places: 1, ...more };
  };
  const arrive = (id: string, more: Partial<Ticket> = {}, bodyBytes = 1) => {
    const admission = queue.admit(ticket(id, more), bodyBytes, nowMs);
    if (admission.kind === 'taken') queue.ready(id);
    return admission;
  };
  /** What becomes of the free slots, e.g. `start a`, `offer b 1`. */
  const fill = () => {
    queue.expire(nowMs);
    const steps = queue.fill(nowMs);
    queue.takeUnannounced();
    return steps.map((step) =>
      step.kind === 'start' ? `start ${step.id}` : `offer ${step.id} ${step.offer}`,
    );
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const reserve = (id: string, more: Partial<Ticket> = {}) =>
    queue.reserve(ticket(id, { places: 2, ...more }), nowMs);
  return { queue, arrive, reserve, fill, pass, ticket, now: () => nowMs };
}

describe('SlotQueue', () => {
  it('lets at most `slots` inside and gives a free slot to the oldest request', () => {
    const { queue, arrive, fill } = setup();
    for (const id of ['a', 'b', 'c']) arrive(id);
    expect(fill()).toEqual(['start a']);
    expect(fill()).toEqual([]);
    queue.leave('a');
    expect(fill()).toEqual(['start b']);
  });

  it('puts a request that has waited elsewhere before younger ones', () => {
    const { queue, arrive, fill } = setup();
    arrive('running');
    fill();
    arrive('younger', { sinceMs: 900 });
    arrive('older', { sinceMs: 300 });
    expect(queue.waiting().map(({ id }) => id)).toEqual(['older', 'younger']);
  });

  it('serves a higher priority first and keeps the order of age within one', () => {
    const { queue, arrive, fill } = setup({ maxQueue: 5 });
    arrive('running');
    fill();
    for (const [id, priority] of [
      ['low-1', 0],
      ['high-1', 5],
      ['low-2', 0],
      ['high-2', 5],
    ] as const)
      arrive(id, { priority });
    expect(queue.waiting().map(({ id }) => id)).toEqual(['high-1', 'high-2', 'low-1', 'low-2']);
  });

  it('is full at slots + maxQueue, with incomplete bodies, without reservations', () => {
    const { queue, arrive, reserve, ticket, now } = setup();
    for (const id of ['a', 'b']) arrive(id);
    reserve('elsewhere');
    queue.admit(ticket('c'), 1, now());
    expect(arrive('d')).toMatchObject({ kind: 'full' });
    expect(queue.queued).toBe(3);
  });

  it('is full when the bodies it holds would exceed maxHeldBytes', () => {
    const { queue, arrive } = setup();
    arrive('a', {}, 80);
    expect(arrive('b', {}, 21)).toMatchObject({
      kind: 'full',
      reason: expect.stringContaining('maxHeldBytes'),
    });
    queue.leave('a');
    expect(arrive('b', {}, 100)).toMatchObject({ kind: 'taken' });
  });

  it('does not start a request with an incomplete body, and does not block others', () => {
    const { queue, arrive, fill, ticket, now } = setup();
    queue.admit(ticket('slow-body', { priority: 9 }), 1, now());
    arrive('b');
    expect(fill()).toEqual(['start b']);
  });

  it('releases a slot once, also after repeated calls', () => {
    const { queue, arrive, fill } = setup();
    for (const id of ['a', 'b', 'c']) arrive(id);
    fill();
    expect(queue.leave('a')).toBe(true);
    expect(queue.leave('a')).toBe(false);
    expect(fill()).toEqual(['start b']);
    expect(queue.leave('a')).toBe(false);
    expect(fill()).toEqual([]);
    expect(queue.busy).toBe(1);
  });
});

describe('a request that may wait at several instances', () => {
  const many = { places: 2 };

  it('starts without an offer where a slot is free at once', () => {
    const { arrive, fill } = setup();
    arrive('a', many);
    expect(fill()).toEqual(['start a']);
  });

  it('is offered a slot once its session knows that it waits, and starts with the claim', () => {
    const { queue, arrive, fill } = setup();
    arrive('a');
    fill();
    arrive('b', many);
    fill();
    queue.leave('a');
    expect(fill()).toEqual(['offer b 1']);
    expect(queue.claim('b', 1)).toBe(true);
    expect(queue.isInside('b')).toBe(true);
    expect(queue.free).toBe(0);
  });

  it('keeps its offered slot from a newer request', () => {
    const { queue, arrive, reserve, fill } = setup();
    arrive('a');
    fill();
    reserve('b');
    queue.leave('a');
    expect(fill()).toEqual(['offer b 1']);
    arrive('newcomer', many);
    expect(fill()).toEqual([]);
  });

  it('takes the offered slot with its `open`, and holds it until its body is complete', () => {
    const { queue, arrive, reserve, fill, pass, ticket, now } = setup();
    reserve('a');
    expect(fill()).toEqual(['offer a 1']);
    queue.admit(ticket('a', many), 10, now());
    pass(10_000);
    arrive('b');
    expect(fill()).toEqual([]);
    queue.ready('a');
    expect(fill()).toEqual(['start a']);
  });

  it('takes its place with its `open` before a slot is offered', () => {
    const { queue, arrive, reserve, fill } = setup();
    arrive('running');
    fill();
    reserve('b');
    arrive('c', many);
    arrive('b', many);
    fill();
    expect(queue.waiting().map(({ id }) => id)).toEqual(['b', 'c']);
    expect(queue.queued).toBe(2);
  });

  it('leaves the slot to the next request if it passes, leaves or does not answer', () => {
    const { queue, reserve, fill, pass, now } = setup();
    reserve('a', { owner: 'gw-1' });
    reserve('b', { owner: 'gw-2' });
    reserve('c', { owner: 'gw-3' });
    expect(fill()).toEqual(['offer a 1']);
    pass(249);
    expect(fill()).toEqual([]);
    pass(1);
    expect(fill()).toEqual(['offer b 2']);
    queue.pass('b', 2, now());
    expect(fill()).toEqual(['offer c 3']);
    queue.leave('c');
    expect(fill()).toEqual([]);
    pass(1_000);
    expect(fill()).toEqual(['offer a 4']);
  });

  it('sends a gateway that did not answer no further offers until a message from it arrives', () => {
    const { reserve, fill, pass } = setup();
    reserve('a', { owner: 'dead' });
    reserve('b', { owner: 'dead' });
    reserve('c', { owner: 'alive' });
    fill();
    pass(250);
    expect(fill()).toEqual(['offer c 2']);
    pass(250);
    reserve('b', { owner: 'dead' });
    expect(fill()).toEqual(['offer b 3']);
  });

  it('starts after a late claim if the slot is still free, and reports if it is not', () => {
    const { queue, arrive, fill, pass } = setup({ maxQueue: 5 });
    arrive('running');
    fill();
    arrive('b', many);
    fill();
    queue.leave('running');
    fill();
    pass(250);
    arrive('c');
    expect(fill()).toEqual(['start c']);
    expect(queue.claim('b', 1)).toBe(false);
    expect(queue.takeUnannounced().map(({ id }) => id)).toEqual(['b']);
    queue.leave('c');
    expect(fill()).toEqual(['offer b 2']);
    pass(250);
    queue.expire(1_500);
    expect(queue.claim('b', 2)).toBe(false);
    expect(fill()).toEqual(['start b']);
  });

  it('is offered slots once its session also waits elsewhere', () => {
    const { queue, arrive, fill, reserve } = setup();
    for (const id of ['a', 'b']) arrive(id);
    fill();
    reserve('b');
    expect(queue.takeUnannounced().map(({ id }) => id)).toEqual(['b']);
    queue.leave('a');
    expect(fill()).toEqual(['offer b 1']);
  });

  it('loses a reservation that is not renewed; their number is limited', () => {
    const { queue, arrive, reserve, fill, pass } = setup();
    arrive('running');
    fill();
    expect(['a', 'b', 'c', 'd'].map((id) => reserve(id))).toEqual([true, true, true, false]);
    pass(3_000);
    reserve('b');
    pass(1_000);
    fill();
    expect(queue.waiting().map(({ id }) => id)).toEqual(['b']);
  });
});
