/**
 * Fairness of the queues over several hosts and gateways: real fleet clients and real instance actors, on a bus that
 * delays, repeats and loses messages. Each seed replays exactly; a failure names it.
 */
import { describe, expect, it } from 'vitest';
import { type FleetRig, isActorTraffic, type RigCall, startFleetRig } from './testing/fleet-rig.ts';
import type { VirtualRun } from './testing/virtual-ollama.ts';

interface Faults {
  /** Longest delay between two nodes. */
  readonly delayMs: number;
  /** Shares of the messages. */
  readonly duplicate: number;
  readonly drop: number;
  /** Happens after that many requests. */
  readonly strike?: { readonly after: number; readonly what: (rig: FleetRig) => void };
}

interface Start extends VirtualRun {
  readonly host: number;
}

const gentle: Faults = { delayMs: 10, duplicate: 0, drop: 0 };
/**
 * A request is known everywhere after its open, the answer to it and its places have arrived; an offer and its claim
 * are two more messages. Each step of the clock may add its own length.
 */
const gentleSlackMs = 5 * (gentle.delayMs + 5) + 25;

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

function startsOf(rig: FleetRig): Start[] {
  const all = rig.hosts.flatMap(({ ollama }, host) => ollama.runs.map((run) => ({ ...run, host })));
  return all.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
}

/** When each request was first started; infinite for one that never was. */
function firstStarts(rig: FleetRig): Map<string, number> {
  const first = new Map(rig.calls.map(({ id }) => [id, Number.POSITIVE_INFINITY]));
  for (const { id, startedAtMs } of startsOf(rig))
    first.set(id, Math.min(startedAtMs, first.get(id) ?? Number.POSITIVE_INFINITY));
  return first;
}

/**
 * Requests that were started although an older one of the same or a higher priority waited and went on waiting. At a
 * host that began to serve a moment ago, the older ones are still on their way to its queue.
 */
function overtakings(rig: FleetRig, servesFromMs: readonly number[], slackMs: number): string[] {
  const first = firstStarts(rig);
  const inFlight = new Set(
    startsOf(rig)
      .filter(({ host, startedAtMs }) => startedAtMs - (servesFromMs[host] ?? 0) <= slackMs)
      .map(({ id }) => id),
  );
  const found: string[] = [];
  for (const younger of rig.calls) {
    if (inFlight.has(younger.id)) continue;
    const startedAtMs = first.get(younger.id) ?? Number.POSITIVE_INFINITY;
    for (const older of rig.calls) {
      if (older.priority < younger.priority) continue;
      const cameFirst =
        older.priority > younger.priority
          ? older.arrivedAtMs < startedAtMs - slackMs
          : older.arrivedAtMs < younger.arrivedAtMs - slackMs;
      if (cameFirst && (first.get(older.id) ?? 0) > startedAtMs + slackMs)
        found.push(`${younger.id} (${younger.arrivedAtMs}) overtook ${older.id} (${older.arrivedAtMs})`);
    }
  }
  return found;
}

/** Longest time in which a slot of a host that serves was free although a request waited. */
function longestIdleMs(rig: FleetRig, servesFromMs: readonly number[]): number {
  const first = firstStarts(rig);
  const instants = [
    ...rig.calls.map(({ arrivedAtMs }) => arrivedAtMs),
    ...startsOf(rig).flatMap(({ startedAtMs, endedAtMs = startedAtMs }) => [startedAtMs, endedAtMs]),
  ].toSorted((a, b) => a - b);
  let longestMs = 0;
  let sinceMs: number | undefined;
  for (const atMs of instants) {
    const inside = startsOf(rig).filter(
      ({ startedAtMs, endedAtMs = Number.POSITIVE_INFINITY }) => startedAtMs <= atMs && endedAtMs > atMs,
    ).length;
    const slots = rig.hosts.reduce(
      (sum, host, index) => sum + ((servesFromMs[index] ?? 0) <= atMs ? host.slots : 0),
      0,
    );
    const waits = rig.calls.some(({ id, arrivedAtMs }) => arrivedAtMs <= atMs && (first.get(id) ?? 0) > atMs);
    if (sinceMs !== undefined) longestMs = Math.max(longestMs, atMs - sinceMs);
    sinceMs = inside < slots && waits ? (sinceMs ?? atMs) : undefined;
  }
  return longestMs;
}

function mostInside(rig: FleetRig, host: number): number {
  const runs = rig.hosts[host]?.ollama.runs ?? [];
  return Math.max(
    0,
    ...runs.map(
      ({ startedAtMs }) =>
        runs.filter(
          (other) =>
            other.startedAtMs <= startedAtMs && (other.endedAtMs ?? Number.POSITIVE_INFINITY) > startedAtMs,
        ).length,
    ),
  );
}

/**
 * One seed's fleet: 1 to 3 gateways and 2 to 4 hosts, of which one may begin to serve late; requests that come faster
 * than they are served, then a pause.
 */
async function play(
  seed: number,
  faults: Faults,
): Promise<{ rig: FleetRig; lost: () => number; servesFromMs: readonly number[] }> {
  const gateways = 1 + (seed % 3);
  const hosts = Array.from({ length: 2 + (seed % 3) }, (_, index) => 1 + ((seed + index) % 2));
  const awayAtFirst = seed % 2;
  const rig = await startFleetRig({ seed, gateways, hosts, awayAtFirst });
  const servesFromMs = hosts.map((_, index) =>
    index < hosts.length - awayAtFirst ? 0 : Number.POSITIVE_INFINITY,
  );
  for (const { client } of rig.gateways)
    client.load.onChange(() => {
      for (const [index, { load }] of client.load.instances().entries())
        if (load.state === 'ready' && servesFromMs[index] === Number.POSITIVE_INFINITY)
          servesFromMs[index] = rig.clock.now();
    });
  const { random, hub } = rig;
  const delays = new Map<string, number>();
  let lost = 0;
  hub.bus.fault = (passage) => {
    if (!isActorTraffic(passage)) return 'deliver';
    const luck = random.next();
    if (luck < faults.drop) {
      lost += 1;
      return 'drop';
    }
    if (luck < faults.drop + faults.duplicate) return 'duplicate';
    const key = `${passage.from} ${passage.to}`;
    const delayMs = delays.get(key) ?? Math.floor(random.next() * (faults.delayMs + 1));
    delays.set(key, delayMs);
    return delayMs === 0 ? 'deliver' : { delayMs };
  };
  for (let count = 0; count < 24; count += 1) {
    if (count === 12) for (const { ollama } of rig.hosts) ollama.away = false;
    const serviceMs = random.next() < 0.15 ? 2_000 : 100 + Math.floor(random.next() * 300);
    const priority = random.next() < 0.1 ? 1 : 0;
    const bodyBytes = random.next() < 0.1 ? 300_000 : 0;
    rig.run(Math.floor(random.next() * gateways), serviceMs, { priority, bodyBytes });
    if (count === faults.strike?.after) faults.strike.what(rig);
    if (random.next() < 0.7) await rig.pass(5 * (1 + Math.floor(random.next() * 20)));
  }
  for (let waitedMs = 0; waitedMs < 60_000 && rig.calls.some(isOpen); waitedMs += 500) await rig.pass(500);
  return { rig, lost: () => lost, servesFromMs };
}

function isOpen({ endedAtMs }: RigCall): boolean {
  return endedAtMs === undefined;
}

/** Lets everything end that a session or an instance might still keep, and looks. */
async function leftovers(rig: FleetRig): Promise<object> {
  rig.hub.bus.fault = undefined;
  await rig.pass(12_000, 50);
  const [gateway] = rig.gateways;
  const loads = gateway?.client.load.instances().map(({ load }) => [load.busy, load.queued, load.waitMs]);
  return {
    loads,
    inside: rig.hosts.map(({ ollama }) => ollama.inside),
    jobs: rig.hosts.map(
      ({ node }) => node.system.inspect().filter(({ path }) => path.includes('/job-')).length,
    ),
    active: rig.gateways.map(({ client }) => client.active),
  };
}

function nothingLeft(rig: FleetRig): object {
  return {
    loads: rig.hosts.map(() => [0, 0, 0]),
    inside: rig.hosts.map(() => 0),
    jobs: rig.hosts.map(() => 0),
    active: rig.gateways.map(() => 0),
  };
}

describe('queues over several hosts and gateways', () => {
  it.each(seeds)('start each request once, oldest first, and leave no slot idle (seed %i)', async (seed) => {
    const { rig, servesFromMs } = await play(seed, gentle);
    const slackMs = gentleSlackMs;
    expect(rig.calls.filter(({ error, lines }) => error !== undefined || lines.length !== 1)).toEqual([]);
    expect(
      startsOf(rig)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(rig.calls.map(({ id }) => id).toSorted());
    for (const [host, { slots }] of rig.hosts.entries())
      expect(mostInside(rig, host)).toBeLessThanOrEqual(slots);
    expect(overtakings(rig, servesFromMs, slackMs)).toEqual([]);
    expect(longestIdleMs(rig, servesFromMs)).toBeLessThanOrEqual(slackMs);
    expect(await leftovers(rig)).toEqual(nothingLeft(rig));
    await rig.end();
  });

  it.each(seeds)(
    'lose no request and keep no place over a bus that loses and repeats (seed %i)',
    async (seed) => {
      const { rig, lost } = await play(seed, { delayMs: 10, duplicate: 0.05, drop: 0.02 });
      expect(rig.calls.filter(isOpen)).toEqual([]);
      for (const { lines, error } of rig.calls)
        expect([lines.length, error !== undefined]).not.toEqual([0, false]);
      for (const { lines } of rig.calls) expect(lines.length).toBeLessThanOrEqual(1);
      for (const [host, { slots }] of rig.hosts.entries())
        expect(mostInside(rig, host)).toBeLessThanOrEqual(slots);
      expect(startsOf(rig).length - rig.calls.length).toBeLessThanOrEqual(lost());
      expect(await leftovers(rig)).toEqual(nothingLeft(rig));
      await rig.end();
    },
  );
});

describe('queues over several hosts and gateways, when something ends in the middle', () => {
  it.each(seeds.slice(0, 15))('go on without the requests whose clients left (seed %i)', async (seed) => {
    const left = new Set<string>();
    const leave = ({ calls, random }: FleetRig): void => {
      for (const call of calls) {
        if (random.next() < 0.5 || !isOpen(call)) continue;
        left.add(call.id);
        call.abort();
      }
    };
    const { rig, servesFromMs } = await play(seed, { ...gentle, strike: { after: 16, what: leave } });
    const stayed = rig.calls.filter(({ id }) => !left.has(id));
    expect(stayed.filter(({ lines }) => lines.length !== 1)).toEqual([]);
    expect(rig.calls.filter(({ id, error }) => left.has(id) && error !== 'cancelled')).toEqual([]);
    const unfair = overtakings(rig, servesFromMs, gentleSlackMs);
    expect(unfair.filter((text) => !isAbout(text, left))).toEqual([]);
    expect(await leftovers(rig)).toEqual(nothingLeft(rig));
    await rig.end();
  });

  it.each(seeds.slice(0, 15))('go on without the places of a gateway that died (seed %i)', async (seed) => {
    const strike = { after: 12, what: killLastGateway };
    const { rig } = await play(seed * 3 + 1, { ...gentle, strike });
    const survivors = rig.calls.filter(({ gateway }) => gateway + 1 < rig.gateways.length);
    expect(survivors.length).toBeGreaterThan(0);
    expect(survivors.filter(({ lines }) => lines.length !== 1)).toEqual([]);
    for (const [host, { slots }] of rig.hosts.entries())
      expect(mostInside(rig, host)).toBeLessThanOrEqual(slots);
    await rig.end();
  });

  it.each(seeds.slice(0, 15))('serve every request when a host dies (seed %i)', async (seed) => {
    const { rig } = await play(seed, { ...gentle, strike: { after: 12, what: killFirstHost } });
    expect(rig.calls.filter(isOpen)).toEqual([]);
    // Requests that the host was serving may be lost with it; their clients get an error.
    const served = new Set(rig.hosts[0]?.ollama.runs.map(({ id }) => id));
    expect(rig.calls.filter(({ id, lines }) => lines.length !== 1 && !served.has(id))).toEqual([]);
    await rig.end();
  });
});

function killLastGateway({ gateways, hub }: FleetRig): void {
  cutOff(hub, gateways.at(-1)?.node.nodeId);
}

function killFirstHost({ hosts, hub }: FleetRig): void {
  cutOff(hub, hosts[0]?.node.nodeId);
}

/** Nothing reaches the node any more, nor leaves it. */
function cutOff({ bus }: FleetRig['hub'], node: string | undefined): void {
  const before = bus.fault;
  bus.fault = (passage) =>
    passage.from === node || passage.to === node ? 'drop' : (before?.(passage) ?? 'deliver');
}

function isAbout(text: string, ids: ReadonlySet<string>): boolean {
  return text.split(' ').some((word) => ids.has(word));
}
