import { expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { silentLogger } from '../logger.ts';
import { settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { isPlausibleIncarnation } from './incarnation.ts';
import { IncarnationIssuer, requestIncarnation, serveIncarnations } from './incarnation-issuer.ts';

const dayMs = 86_400_000;

function setup() {
  const hub = createTestHub();
  const host = createTestNode(hub, { nodeId: 'host' });
  let wallMs = 1_000_000;
  const clock: Clock = {
    now: () => hub.clock.now(),
    wallNow: () => wallMs,
    setTimer: (delayMs, callback) => hub.clock.setTimer(delayMs, callback),
  };
  const issuer = new IncarnationIssuer('test', host.storage, clock);
  const setClock = (ms: number) => (wallMs = ms);
  return { hub, host, clock, issuer, setClock };
}

it('issues the wall clock first, and a larger number each time', async () => {
  const { issuer, setClock } = setup();
  expect(await issuer.issue('a', 1)).toBe(1_000_000);
  expect(await issuer.issue('a', 1)).toBe(1_000_001);
  expect(await issuer.issue('b', 1)).toBe(1_000_000);
  setClock(2_000_000);
  expect(await issuer.issue('a', 1)).toBe(2_000_000);
});

it('never goes back with a clock that jumps by a day', async () => {
  const { issuer, setClock } = setup();
  setClock(1_000_000 + dayMs);
  expect(await issuer.issue('a', 1)).toBe(1_000_000 + dayMs);
  setClock(1_000_000);
  expect(await issuer.issue('a', 1)).toBe(1_000_001 + dayMs);
});

it('gives two hosts that issue at once different numbers', async () => {
  const { hub, issuer, clock } = setup();
  const other = new IncarnationIssuer('test', createTestNode(hub, { nodeId: 'other' }).storage, clock);
  const issued = await Promise.all([issuer, other, issuer, other].map((one) => one.issue('a', 1)));
  expect(new Set(issued).size).toBe(4);
});

it('serves the nodes that may not use the store, at least the number that they ask for', async () => {
  const { hub, host, issuer, clock } = setup();
  serveIncarnations(host.transport, host.subjects, issuer, clock, silentLogger);
  const agent = hub.bus.connect('agent');
  expect(await requestIncarnation(agent, host.subjects, 'agent', 1, 1_000)).toBe(1_000_000);
  expect(await requestIncarnation(agent, host.subjects, 'agent', 5_000_000, 1_000)).toBe(5_000_000);
});

it('answers nothing to a node that asks for a number from the far future', async () => {
  const { hub, host, issuer, clock } = setup();
  serveIncarnations(host.transport, host.subjects, issuer, clock, silentLogger);
  const agent = hub.bus.connect('agent');
  const asked = requestIncarnation(agent, host.subjects, 'agent', Number.MAX_SAFE_INTEGER, 1_000);
  await settle();
  hub.clock.advance(1_500);
  expect(await asked).toBeUndefined();
  expect(await requestIncarnation(agent, host.subjects, 'agent', 1, 1_000)).toBe(1_000_000);
});

it('is not there where no host is', async () => {
  const { hub, host } = setup();
  const agent = hub.bus.connect('agent');
  expect(await requestIncarnation(agent, host.subjects, 'agent', 1, 1_000)).toBeUndefined();
});

it('leaves room above every number that is believed', () => {
  const nowMs = 1.8e12;
  expect(isPlausibleIncarnation(nowMs + dayMs, 0, nowMs)).toBe(true);
  expect(isPlausibleIncarnation(Number.MAX_SAFE_INTEGER, 0, nowMs)).toBe(false);
  // A node that a clock has carried away can still be followed by its next incarnation.
  const far = nowMs + 10 * 365 * dayMs;
  expect(isPlausibleIncarnation(far + 1, far, nowMs)).toBe(true);
});
