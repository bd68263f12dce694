import { expect, it } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import type { Log } from '../../storage/log/log.ts';
import { ServerClock } from './server-clock.ts';

/** A server whose clock shows `serverMs` when the question arrives, and whose answers take `wayMs`. */
function setup(): {
  readonly clock: ManualClock;
  readonly server: ServerClock;
  readonly way: { ms: number };
} {
  const clock = new ManualClock();
  const way = { ms: 0 };
  const info = () => {
    const answeredAtMs = 1_000_000 + clock.now();
    if (way.ms > 0) clock.advance(way.ms);
    return Promise.resolve({ answeredAtMs });
  };
  return { clock, way, server: new ServerClock({ info } as unknown as Log, 'L', clock) };
}

it('knows between which instants the clock of the server is', async () => {
  const { clock, server, way } = setup();
  way.ms = 400;
  expect(await server.latest()).toBe(1_000_400);
  expect(server.earliest()).toBe(1_000_000);
  clock.advance(5_000);
  expect(await server.latest()).toBe(1_005_400);
  expect(server.earliest()).toBe(1_005_000);
});

it('asks again after an answer that took long, and counts the time that the answer took', async () => {
  const { clock, server, way } = setup();
  way.ms = 3_000;
  await server.ask();
  expect(server.earliest()).toBe(1_000_000);
  expect(await server.latest()).toBe(1_006_000);
  way.ms = 0;
  expect(await server.latest()).toBe(1_006_000);
  expect(server.earliest()).toBe(1_000_000 + clock.now());
});
