import { advance, createTestHub, createTestNode, seededRandom } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import { type ScriptedStream, scriptInstance } from '../testing/scripted-instance.ts';
import { createFleetClient } from './create-fleet-client.ts';

const statuses = [400, 401, 404, 413, 429, 500, 502, 503];
const calls = 60;

/** Plays one host at random: it serves, answers with an error, breaks at some point, or is silent for a while. */
function playHost(stream: ScriptedStream, random: { next(): number }, host: number): void {
  const pick = Math.floor(random.next() * 8);
  const whole = [`{"host":${host},"n":1}`, `{"host":${host},"n":2}`, `{"host":${host},"done":true}`];
  stream.feed({ kind: 'accept', position: 0 });
  if (pick === 0) return;
  if (pick === 1) return stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'reset' });
  if (pick <= 3) {
    const status = statuses[Math.floor(random.next() * statuses.length)] ?? 500;
    stream.feed({ kind: 'head', status, contentType: 'application/json', foreign: random.next() < 0.3 });
    if (random.next() < 0.2) return stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'reset' });
    stream.feed({ kind: 'lines', lines: [`{"error":"${status} of ${host}"}`] });
    return stream.feed({ kind: 'end' });
  }
  stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
  const cut = random.next() < 0.3 ? Math.floor(random.next() * 3) : 3;
  stream.feed({ kind: 'lines', lines: whole.slice(0, cut) });
  if (cut === 3) return stream.feed({ kind: 'end' });
  const code = random.next() < 0.5 ? 'upstream-lost' : 'bad-upstream';
  return stream.feed({ kind: 'fail', code, message: 'cut' });
}

it.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'every call ends once, with the whole answer of one host, a true prefix and an error, or one refusal (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const hub = createTestHub();
    const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
    const client = createFleetClient(node);
    for (let host = 1; host <= 3; host += 1)
      scriptInstance(createTestNode(hub, { nodeId: `host-${host}`, roles: ['node-agent'] }), {
        load: { slots: 20 },
        onOpen: (stream) => playHost(stream, random, host),
      });
    await advance(hub.clock, 100, 10);
    const ends = Array.from({ length: calls }, async (_, index) => {
      const call = client.run(
        { requestId: `r${index}`, route: 'chat', model: 'm', body: Buffer.from('{}'), timeoutMs: 5_000 },
        new AbortController().signal,
      );
      const lines: string[] = [];
      let failed = false;
      try {
        for await (const batch of call.lines) lines.push(...batch);
      } catch {
        failed = true;
      }
      return { head: await call.head.catch(() => undefined), lines, failed, why: client.why(`r${index}`) };
    });
    await advance(hub.clock, 6_000, 20);
    for (const { head, lines, failed, why } of await Promise.all(ends)) {
      expect(why?.attempts.length).toBeLessThanOrEqual(3);
      expect(why?.outcome).toBe(failed ? 'failed' : head?.status === 200 ? 'served' : 'refused');
      expect(new Set(lines.map((line) => /"host":(\d)/.exec(line)?.[1])).size).toBeLessThanOrEqual(1);
      if (head === undefined) expect({ failed, lines }).toEqual({ failed: true, lines: [] });
      else if (head.status !== 200)
        expect({ failed, count: lines.length }).toEqual({ failed: false, count: 1 });
      else if (failed) expect(lines.length).toBeLessThan(3);
      else expect(lines.at(-1)).toContain('"done":true');
    }
    expect(client.active).toBe(0);
    await client.stop();
  },
);
