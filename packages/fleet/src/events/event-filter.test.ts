import { expect, it } from 'vitest';
import type { FleetEvent } from './event.ts';
import { everyEvent, isFor } from './event-filter.ts';
import { EventRing } from './event-ring.ts';

const event = (given: Partial<FleetEvent>): FleetEvent =>
  ({ type: 'agent.spawned', targets: ['agent/a'], ...given }) as FleetEvent;
const operator = { tenant: undefined, seesCluster: true };
const acme = { tenant: 'acme', seesCluster: false };

it('shows an event of a tenant to that tenant alone, and those of the cluster to observers alone', () => {
  const ofAcme = event({ tenant: 'acme' });
  expect(isFor(ofAcme, acme, everyEvent)).toBe(true);
  expect(isFor(ofAcme, { ...acme, tenant: 'rival' }, everyEvent)).toBe(false);
  expect(isFor(ofAcme, operator, everyEvent)).toBe(false);
  expect(isFor(event({}), acme, everyEvent)).toBe(false);
  expect(isFor(event({}), operator, everyEvent)).toBe(true);
});

it.each([
  [{ types: ['agent.*'], targets: [] }, true],
  [{ types: ['agent.spawned'], targets: ['agent/*'] }, true],
  [{ types: ['agent.*'], targets: ['agent/b'] }, false],
  [{ types: ['agent'], targets: [] }, false],
  [{ types: ['node.*', 'run.*'], targets: [] }, false],
])('takes the filter %j as %j', (filter, isWanted) => {
  expect(isFor(event({}), operator, filter)).toBe(isWanted);
});

it('keeps the newest records, gives pages of them, and begins anew after a hole', () => {
  const ring = new EventRing(4);
  for (let sequence = 10; sequence <= 30; sequence++) ring.add(sequence, event({ id: String(sequence) }));
  expect(ring.after(5, 10)).toBeUndefined();
  expect(ring.after(27, 2)).toMatchObject({ events: [{ sequence: 28 }, { sequence: 29 }], through: 29 });
  expect(ring.after(30, 2)).toEqual({ events: [], through: 30 });
  expect(ring.after(31, 2)).toBeUndefined();
  ring.add(31, undefined);
  expect(ring.after(30, 2)).toEqual({ events: [], through: 31 });
  ring.add(40, event({}));
  expect(ring.after(30, 2)).toBeUndefined();
});
