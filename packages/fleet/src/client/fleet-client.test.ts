import {
  advance,
  createTestHub,
  createTestNode,
  type ManualClock,
  type TestHub,
  type TestNode,
} from '@drover/actor-core/testing';
import { describe, expect, it } from 'vitest';
import type { FleetError } from '../errors.ts';
import {
  type ScriptedInstance,
  type ScriptedInstanceOptions,
  type ScriptedStream,
  scriptInstance,
} from '../testing/scripted-instance.ts';
import { createFleetClient } from './create-fleet-client.ts';
import type { FleetCall, FleetClient, FleetRequest } from './fleet-client.ts';

const never = new AbortController().signal;

interface Host {
  readonly node: TestNode;
  readonly instance: ScriptedInstance;
}

interface Bundle {
  readonly hub: TestHub<ManualClock>;
  readonly node: TestNode;
  readonly client: FleetClient;
  readonly hosts: readonly Host[];
  readonly run: (request?: Partial<FleetRequest>, signal?: AbortSignal) => FleetCall;
  readonly pass: (ms: number) => Promise<void>;
}

/** A gateway's node with a client, and one node-agent for each entry; all nodes know each other. */
async function setup(...instances: ScriptedInstanceOptions[]): Promise<Bundle> {
  const hub = createTestHub();
  const node = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const client = createFleetClient(node);
  const hosts = instances.map((options, index) => {
    const host = createTestNode(hub, { nodeId: `host-${index + 1}`, roles: ['node-agent'] });
    return { node: host, instance: scriptInstance(host, options) };
  });
  const pass = (ms: number): Promise<void> => advance(hub.clock, ms, 10);
  await pass(100);
  const run = (request: Partial<FleetRequest> = {}, signal: AbortSignal = never): FleetCall =>
    client.run({ requestId: 'r1', route: 'chat', model: 'm', body: Buffer.from('{}'), ...request }, signal);
  return { hub, node, client, hosts, run, pass };
}

/** Sends `count` lines and the end. */
function sendLines(count: number, from = 1): (stream: ScriptedStream) => void {
  return (stream) => {
    stream.feed({ kind: 'accept', position: 0 });
    stream.feed({ kind: 'head', status: 200, contentType: 'application/x-ndjson' });
    stream.feed({ kind: 'lines', lines: Array.from({ length: count }, (_, index) => `${from + index}`) });
    stream.feed({ kind: 'end' });
  };
}

async function read(call: FleetCall): Promise<{ lines: string[]; error: FleetError | undefined }> {
  const lines: string[] = [];
  try {
    for await (const batch of call.lines) lines.push(...batch);
  } catch (error) {
    return { lines, error: error as FleetError };
  }
  return { lines, error: undefined };
}

/** Sends two lines, then Ollama's connection breaks. */
function breakAfterTwo(stream: ScriptedStream): void {
  stream.feed({ kind: 'head', status: 200, contentType: 'x' });
  stream.feed({ kind: 'lines', lines: ['1', '2'] });
  stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'connection reset' });
}

/** The request waits in the queue of the instance. */
function queueIt(stream: ScriptedStream): void {
  stream.feed({ kind: 'accept', position: 1 });
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index + 1}`);
}

describe('a call', () => {
  it('delivers every line in order and names the instance that served', async () => {
    const { run, pass } = await setup({ onOpen: sendLines(3) });
    const call = run();
    const reading = read(call);
    await pass(50);
    expect(await call.head).toMatchObject({
      status: 200,
      node: 'host-1',
      instance: 'ollama-1',
      simulated: true,
    });
    expect(await reading).toEqual({ lines: ['1', '2', '3'], error: undefined });
  });

  it('is routed by its own policy, and waits at no more instances than it allows', async () => {
    const full = { slots: 1, busy: 1, queued: 1 };
    const cold = [{ name: 'm:latest', loaded: false }];
    const { run, pass, hosts } = await setup({ models: cold }, { load: full, onOpen: queueIt });
    run({ requestId: 'unload', policy: 'resident-first', maxPlaces: 1 });
    run({ requestId: 'own', policy: (_request, candidates) => candidates.at(-1) });
    run({ requestId: 'usual' });
    await pass(50);
    const opened = hosts.map(({ instance }) =>
      instance.streams.map(({ open }) => [open.requestId, open.places]),
    );
    expect(opened).toEqual([
      [['usual', 2]],
      [
        ['unload', 1],
        ['own', 2],
      ],
    ]);
    const reserved = hosts.flatMap(({ instance }) => instance.placeMessages.map(({ kind }) => kind));
    expect(reserved.length).toBeLessThanOrEqual(1);
  });

  it('is refused as a mistake of the caller when its policy does not exist', async () => {
    const { run, client } = await setup();
    expect(() => run({ policy: 'no-such-policy' })).toThrow(/no-such-policy/);
    expect(client.active).toBe(0);
  });

  it('carries more lines than the window as the reader takes them', async () => {
    const { run, pass, client } = await setup({ onOpen: sendLines(5_000) });
    const reading = read(run());
    await pass(200);
    expect((await reading).lines).toEqual(numbers(5_000));
    expect(client.active).toBe(0);
  });

  it('stops the credit, not the instance, if its caller does not read, and continues when the caller reads', async () => {
    const { run, pass, hosts } = await setup({ onOpen: sendLines(1_000) });
    const call = run();
    await pass(5_000);
    const stream = hosts[0]?.instance.streams[0];
    expect(stream?.state.sentThrough).toBe(256);
    expect(stream?.cancels).toEqual([]);
    const reading = read(call);
    await pass(200);
    expect((await reading).lines).toEqual(numbers(1_000));
  });

  it('carries one line that is larger than a message may be', async () => {
    const line = 'ä€😀'.repeat(400_000);
    const { run, pass } = await setup({
      onOpen: (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'application/json' });
        stream.feed({ kind: 'lines', lines: [line] });
        stream.feed({ kind: 'end' });
      },
    });
    const reading = read(run());
    await pass(200);
    const { lines } = await reading;
    expect(lines).toHaveLength(1);
    expect(lines[0] === line).toBe(true);
  });

  it('carries a body that is larger than a message may be', async () => {
    const body = Buffer.alloc(9_000_000, 'abcdefg');
    const { run, pass, hosts } = await setup({ onOpen: sendLines(1) });
    const reading = read(run({ body }));
    await pass(200);
    expect((await reading).lines).toEqual(['1']);
    expect(body.equals(hosts[0]?.instance.streams[0]?.body ?? new Uint8Array())).toBe(true);
  });

  it('sends a large body no further than four parts ahead of what arrived', async () => {
    const { run, pass, hosts } = await setup({ confirmsParts: false });
    const reading = read(run({ body: Buffer.alloc(9_000_000) }));
    await pass(1_000);
    expect(hosts[0]?.instance.partsReceived).toBe(4);
    await pass(3_000);
    expect((await reading).error?.code).toBe('host-lost');
  });

  it('cancels down to the instance when the caller aborts, before and after the first line', async () => {
    for (const lines of [0, 2]) {
      const { run, pass, hosts, client } = await setup({
        onOpen: (stream) => {
          stream.feed({ kind: 'accept', position: 0 });
          if (lines === 0) return;
          stream.feed({ kind: 'head', status: 200, contentType: 'x' });
          stream.feed({ kind: 'lines', lines: numbers(lines) });
        },
      });
      const caller = new AbortController();
      const reading = read(run({}, caller.signal));
      await pass(50);
      caller.abort();
      await pass(20);
      const { lines: got, error } = await reading;
      expect(got).toHaveLength(lines);
      expect(error?.code).toBe('cancelled');
      expect(hosts[0]?.instance.streams[0]?.cancels[0]).toContain('the caller aborted');
      expect(client.active).toBe(0);
    }
  });

  it('cancels when the reader leaves the loop', async () => {
    const { run, pass, hosts } = await setup({
      onOpen: (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'x' });
        stream.feed({ kind: 'lines', lines: ['1'] });
      },
    });
    const call = run();
    const reading = (async () => {
      for await (const batch of call.lines) return batch;
      return undefined;
    })();
    await pass(20);
    expect(await reading).toEqual(['1']);
    await pass(20);
    expect(hosts[0]?.instance.streams[0]?.cancels[0]).toContain('the reader left');
  });

  it('that is aborted before it starts never reaches an instance', async () => {
    const { run, pass, hosts } = await setup({ onOpen: sendLines(1) });
    const call = run({}, AbortSignal.abort());
    await expect(call.head).rejects.toMatchObject({ code: 'cancelled' });
    await pass(20);
    expect(hosts[0]?.instance.streams).toHaveLength(0);
  });

  it('ends at its deadline, and the instance gets a cancel', async () => {
    const { run, pass, hosts } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'accept', position: 1 }),
    });
    const reading = read(run({ timeoutMs: 2_000 }));
    await pass(2_100);
    expect((await reading).error?.code).toBe('deadline');
    expect(hosts[0]?.instance.streams[0]?.cancels[0]).toContain('deadline');
  });
});

describe('a call whose instance does not deliver', () => {
  it('goes to another instance when the first refuses, is broken or is silent', async () => {
    const failures: ((stream: ScriptedStream) => void)[] = [
      (stream) => stream.refuse('queue-full', 500),
      (stream) => stream.refuse('instance-down'),
      (stream) => stream.refuse('draining'),
      (stream) => {
        stream.feed({ kind: 'accept', position: 0 });
        stream.feed({ kind: 'fail', code: 'upstream-lost', message: 'connection reset' });
      },
      () => {},
    ];
    for (const failure of failures) {
      const free = { models: [{ name: 'm:latest', loaded: true }], onOpen: failure };
      const cold = { models: [{ name: 'm:latest', loaded: false }], onOpen: sendLines(2) };
      const { run, pass, hosts } = await setup(free, cold);
      const call = run();
      const reading = read(call);
      await pass(1_200);
      expect((await reading).lines).toEqual(['1', '2']);
      expect((await call.head).node).toBe('host-2');
      expect(hosts[0]?.instance.streams).toHaveLength(1);
    }
  });

  it('does not try elsewhere once a line was delivered', async () => {
    const { run, pass, hosts } = await setup({ onOpen: breakAfterTwo }, { onOpen: breakAfterTwo });
    const reading = read(run());
    await pass(100);
    const { lines, error } = await reading;
    expect(lines).toEqual(['1', '2']);
    expect(error).toMatchObject({ code: 'host-lost', requestId: 'r1', model: 'm' });
    expect(error?.message).toContain('connection reset');
    expect(hosts.flatMap(({ instance }) => instance.streams)).toHaveLength(1);
  });

  it('is host-lost when the host gives a request up that its caller still wants', async () => {
    const { run, pass } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'fail', code: 'cancelled', message: 'the node drained' }),
    });
    const head = run().head.catch((error: unknown) => error);
    await pass(100);
    expect(await head).toMatchObject({ code: 'host-lost', retryAfterMs: 1_000 });
  });

  it('is queue-full with at least a second to wait when every queue is full', async () => {
    const full = { onOpen: (stream: ScriptedStream) => stream.refuse('queue-full', 200) };
    const { run, pass, hosts } = await setup(full, full, full, full);
    const call = run();
    await pass(100);
    await expect(call.head).rejects.toMatchObject({ code: 'queue-full', retryAfterMs: 1_000 });
    expect(hosts.flatMap(({ instance }) => instance.streams)).toHaveLength(3);
  });

  it('is model-not-found when ready instances do not list it, no-host when the one that has it is down', async () => {
    const { run, pass } = await setup(
      { models: [{ name: 'a:latest' }] },
      { models: [{ name: 'b:latest' }], load: { state: 'down' } },
    );
    const unknown = run({ model: 'x' });
    const away = run({ model: 'b' });
    await pass(20);
    await expect(unknown.head).rejects.toMatchObject({ code: 'model-not-found', retryAfterMs: 0 });
    await expect(away.head).rejects.toMatchObject({ code: 'no-host', retryAfterMs: 1_000 });
  });

  it('is host-lost within 4 s when the only host freezes, mid-stream or before it answered', async () => {
    for (const lines of [0, 3]) {
      const { run, pass, hosts } = await setup({
        onOpen: (stream) => {
          if (lines === 0) return;
          stream.feed({ kind: 'head', status: 200, contentType: 'x' });
          stream.feed({ kind: 'lines', lines: numbers(lines) });
        },
      });
      const reading = read(run());
      await pass(100);
      hosts[0]?.instance.freeze();
      await pass(4_000);
      const { lines: got, error } = await reading;
      expect(got).toHaveLength(lines);
      expect(error?.code).toBe('host-lost');
    }
  });

  it('is host-lost at once when presence shows that the host left', async () => {
    const { run, pass, hosts } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'accept', position: 0 }),
    });
    const reading = read(run());
    await pass(50);
    const leaving = hosts[0]?.node.leave();
    await pass(50);
    expect((await reading).error?.code).toBe('host-lost');
    await leaving;
  });

  it('leaves a dead host early and later calls avoid it', async () => {
    const loaded = { models: [{ name: 'm:latest', loaded: true }] };
    const { run, pass, hosts } = await setup(loaded, {
      models: [{ name: 'm:latest', loaded: false }],
      onOpen: sendLines(1),
    });
    hosts[0]?.node.crash();
    const first = read(run());
    await pass(900);
    expect((await first).lines).toEqual(['1']);
    const second = read(run({ requestId: 'r2' }));
    await pass(30);
    expect((await second).lines).toEqual(['1']);
  });
});

/** Says where in the queue it is; 0 = inside. One that waits is started only after a claim. */
function wait(position: number): (stream: ScriptedStream) => void {
  return (stream) => stream.feed({ kind: 'accept', position, asks: position > 0 });
}

describe('a call that waits in a queue', () => {
  const full = { slots: 1, busy: 1, queued: 2 };

  /** Two calls wait at `host-1` with their bodies; `host-2` is busy and driven by the test. */
  async function waiting(second: ScriptedInstanceOptions = {}) {
    const busier = { slots: 1, busy: 1, queued: 4 };
    const bundle = await setup({ load: full, onOpen: wait(1) }, { load: busier, ...second });
    const { run, pass, hosts } = bundle;
    const caller = new AbortController();
    const first = run({ requestId: 'r1' }, caller.signal);
    await pass(50);
    const reading = [first, run({ requestId: 'r2' })].map(read);
    await pass(50);
    const instance = (host: number) => hosts[host - 1]?.instance as ScriptedInstance;
    const streams = (host: number) => instance(host).streams;
    const ids = (host: number) => streams(host).map(({ open }) => open.requestId);
    const places = () => instance(2).placeMessages.filter((message) => message.kind === 'reserve');
    expect([ids(1), ids(2)]).toEqual([['r1', 'r2'], []]);
    return { ...bundle, reading, caller, instance, streams, ids, places };
  }

  it('reserves a place by its age, without its body, at the other instances that could serve it', async () => {
    const { places, pass } = await waiting();
    expect(places().map(({ model, places: count }) => [model, count])).toEqual([
      ['m', 2],
      ['m', 2],
    ]);
    const [first, second] = places();
    await pass(1_100);
    const waited = (streamId: string | undefined) =>
      places().findLast((place) => place.streamId === streamId)?.waitedMs;
    expect(places().length).toBeGreaterThanOrEqual(4);
    expect(waited(first?.streamId)).toBeGreaterThanOrEqual(1_000);
    expect(waited(second?.streamId)).toBeGreaterThan((second?.waitedMs ?? 0) + 900);
  });

  it('sends its body where a slot is offered, and leaves the queue where it was', async () => {
    const { instance, pass, reading, streams, ids, places } = await waiting({ onOpen: sendLines(2, 7) });
    const [first] = places();
    if (first !== undefined) instance(2).offer(first, 1);
    await pass(10);
    expect(ids(2)).toEqual(['r1']);
    expect(streams(2)[0]?.open.streamId).toBe(first?.streamId);
    expect(streams(1).map(({ cancels }) => cancels.length > 0)).toEqual([true, false]);
    await pass(50);
    expect(await reading[0]).toEqual({ lines: ['7', '8'], error: undefined });
  });

  it('claims the slot that is offered where its body waits, and gives up its other places', async () => {
    const { instance, pass, places, streams } = await waiting();
    const { replyTo, ...first } = places()[0] ?? expect.fail('no place was taken');
    const { streamId } = streams(1)[0]?.open ?? expect.fail('nothing was opened');
    replyTo.tell({ kind: 'offer', streamId, offer: 5 });
    await pass(10);
    expect(instance(1).placeMessages.at(-1)).toEqual({ kind: 'claim', streamId, offer: 5 });
    replyTo.tell({ kind: 'offer', streamId: first.streamId, offer: 1 });
    await pass(10);
    expect(streams(2)).toEqual([]);
  });

  it('reserves no place elsewhere before its instance has confirmed offers', async () => {
    const { pass, hosts, run } = await setup(
      { load: full, onOpen: (stream) => stream.feed({ kind: 'accept', position: 1 }) },
      { load: { slots: 1, busy: 1, queued: 3 } },
    );
    const [here, there] = hosts.map(({ instance }) => instance);
    void read(run());
    await pass(50);
    const stream = here?.streams[0] ?? expect.fail('nothing was opened');
    expect(here?.placeMessages[0]).toMatchObject({
      kind: 'reserve',
      streamId: stream.open.streamId,
      places: 2,
    });
    expect(there?.placeMessages).toEqual([]);
    wait(1)(stream);
    await pass(20);
    expect(there?.placeMessages).toHaveLength(1);
  });

  it('gives up the offered place once it has a slot', async () => {
    const { instance, pass, places, streams, ids } = await waiting();
    for (const stream of streams(1)) wait(0)(stream);
    await pass(10);
    const [first] = places();
    if (first !== undefined) instance(2).offer(first, 1);
    await pass(50);
    expect(ids(2)).toEqual([]);
  });

  it('returns to its place by age if it is refused there, and runs exactly once', async () => {
    const { instance, pass, reading, streams, ids, places } = await waiting({
      onOpen: (stream) => stream.refuse('queue-full', 1_000),
    });
    const [first] = places();
    if (first !== undefined) instance(2).offer(first, 1);
    await pass(20);
    expect(ids(2)).toEqual(['r1']);
    expect(ids(1)).toEqual(['r1', 'r2', 'r1']);
    const again = streams(1)[2]?.open.waitedMs ?? 0;
    expect(again).toBeGreaterThan(streams(1)[1]?.open.waitedMs ?? 0);
    for (const stream of streams(1)) if (stream.cancels.length === 0) sendLines(1)(stream);
    await pass(100);
    expect(await Promise.all(reading)).toEqual([
      { lines: ['1'], error: undefined },
      { lines: ['1'], error: undefined },
    ]);
  });

  it('takes a place at an instance that begins to serve later', async () => {
    const { instance, pass, places } = await waiting({ load: { state: 'down' } });
    expect(places()).toEqual([]);
    instance(2).report({ state: 'ready', slots: 1 });
    await pass(20);
    expect(places()).toHaveLength(2);
  });

  it('is cancelled at every instance, also while it moves to another one', async () => {
    const { instance, pass, reading, caller, streams, places } = await waiting({ onOpen: wait(0) });
    const [first] = places();
    if (first !== undefined) instance(2).offer(first, 1);
    caller.abort();
    await pass(50);
    expect((await reading[0])?.error?.code).toBe('cancelled');
    expect(streams(1)[0]?.cancels).not.toEqual([]);
    expect(streams(2).every(({ open, cancels }) => open.requestId !== 'r1' || cancels.length > 0)).toBe(true);
  });
});

describe('a call while the fleet or the bus is away', () => {
  it('waits two seconds for the first report and uses it', async () => {
    const { hub, run, pass } = await setup();
    const reading = read(run());
    await pass(1_000);
    scriptInstance(createTestNode(hub, { nodeId: 'late', roles: ['node-agent'] }), { onOpen: sendLines(1) });
    await pass(100);
    expect((await reading).lines).toEqual(['1']);
  });

  it('is no-host without a report within two seconds', async () => {
    const { run, pass } = await setup();
    const call = run();
    await pass(2_050);
    await expect(call.head).rejects.toMatchObject({ code: 'no-host', retryAfterMs: 1_000 });
  });

  it('waits three seconds for the bus, then is bus-unavailable', async () => {
    const { hub, run, pass } = await setup({ onOpen: sendLines(1) });
    hub.bus.disconnectAll();
    const early = read(run());
    await pass(2_500);
    hub.bus.reconnectAll();
    await pass(500);
    expect((await early).lines).toEqual(['1']);
    hub.bus.disconnectAll();
    const late = run();
    await pass(3_100);
    await expect(late.head).rejects.toMatchObject({ code: 'bus-unavailable' });
  });

  it('goes on without a gap or a repeat when the bus is away mid-stream', async () => {
    const { hub, run, pass, hosts } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'head', status: 200, contentType: 'x' }),
    });
    const call = run();
    const reading = read(call);
    await pass(20);
    const stream = hosts[0]?.instance.streams[0];
    for (let line = 1; line <= 300; line += 1) {
      if (line === 50) hub.bus.disconnectAll();
      if (line === 150) hub.bus.reconnectAll();
      stream?.feed({ kind: 'lines', lines: [`${line}`] });
      await pass(20);
    }
    stream?.feed({ kind: 'end' });
    await pass(1_000);
    expect(await reading).toEqual({ lines: numbers(300), error: undefined });
  });

  it('continues when its host reconnects 4 s later', async () => {
    const { node, run, pass, hosts } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'head', status: 200, contentType: 'x' }),
    });
    const reading = read(run());
    await pass(20);
    const [host] = hosts;
    const stream = host?.instance.streams[0];
    stream?.feed({ kind: 'lines', lines: ['1'] });
    await pass(20);
    for (const { transport } of [node, host?.node ?? node]) transport.disconnect();
    stream?.feed({ kind: 'lines', lines: ['2'] });
    stream?.feed({ kind: 'end' });
    await pass(1_000);
    node.transport.reconnect();
    await pass(4_000);
    host?.node.transport.reconnect();
    await pass(1_000);
    expect(await reading).toEqual({ lines: ['1', '2'], error: undefined });
  });

  it('is sent again if the bus disconnects before the instance answers', async () => {
    let opens = 0;
    const { hub, run, pass } = await setup({
      onOpen: (stream) => {
        opens += 1;
        sendLines(1)(stream);
      },
    });
    hub.bus.fault = ({ to, subject }) => (to === 'host-1' && subject.includes('.n.') ? 'drop' : 'deliver');
    const reading = read(run());
    await pass(100);
    hub.bus.disconnectAll();
    hub.bus.fault = undefined;
    await pass(500);
    hub.bus.reconnectAll();
    await pass(500);
    expect((await reading).lines).toEqual(['1']);
    expect(opens).toBe(1);
  });

  it('sends a large body again if the bus disconnects while its parts are sent', async () => {
    const body = Buffer.alloc(3_000_000, 'abcdefg');
    const { hub, run, pass, hosts } = await setup({ onOpen: sendLines(1) });
    let frames = 0;
    hub.bus.fault = ({ to, subject }) => {
      if (to === 'host-1' && subject.includes('.dat.')) frames += 1;
      return to === 'host-1' && frames > 5 ? 'drop' : 'deliver';
    };
    const reading = read(run({ body }));
    await pass(100);
    expect(frames).toBeGreaterThan(5);
    hub.bus.disconnectAll();
    hub.bus.fault = undefined;
    await pass(500);
    hub.bus.reconnectAll();
    await pass(500);
    expect((await reading).lines).toEqual(['1']);
    expect(body.equals(hosts[0]?.instance.streams[0]?.body ?? new Uint8Array())).toBe(true);
  });

  it('delivers everything over a bus that loses and repeats messages', async () => {
    const { hub, run, pass } = await setup({ onOpen: sendLines(3_000) });
    hub.bus.fault = ({ subject }) => {
      if (!subject.includes('.dat.') && !subject.includes('.ctl.')) return 'deliver';
      const luck = hub.random.next();
      return luck < 0.05 ? 'drop' : luck < 0.1 ? 'duplicate' : 'deliver';
    };
    const reading = read(run());
    await pass(30_000);
    const { lines, error } = await reading;
    expect(lines).toEqual(numbers(lines.length));
    expect(error === undefined ? lines.length : 3_000).toBe(3_000);
  });
});

describe('a client', () => {
  it('keeps nothing of 1,000 calls that ended', async () => {
    const { hub, node, client, run, pass, hosts } = await setup({ onOpen: sendLines(3) });
    await pass(2_000);
    const before = { timers: hub.clock.pending, actors: node.system.inspect().length };
    const caller = new AbortController();
    for (let round = 0; round < 10; round += 1) {
      const reading = Array.from({ length: 100 }, (_, index) =>
        read(run({ requestId: `r${round}-${index}` }, caller.signal)),
      );
      for (const { lines } of await passUntil(pass, Promise.all(reading)))
        expect(lines).toEqual(['1', '2', '3']);
    }
    await pass(2_000);
    expect(client.active).toBe(0);
    expect(node.system.inspect()).toHaveLength(before.actors);
    expect(Math.abs(hub.clock.pending - before.timers)).toBeLessThan(10);
    expect(client.load.instances().map(({ pending }) => pending)).toEqual([0]);
    expect(hosts[0]?.instance.streams.every(({ state }) => state.closed)).toBe(true);
  });

  it('counts its requests that a report does not include yet', async () => {
    const { client, run, pass, hosts } = await setup({
      load: { slots: 1 },
      onOpen: (stream) => stream.feed({ kind: 'accept', position: 0 }),
    });
    const calls = [run(), run()];
    await pass(20);
    expect(client.load.instances()[0]?.pending).toBe(2);
    hosts[0]?.instance.report({ busy: 1, queued: 1 });
    await pass(20);
    expect(client.load.instances()[0]?.pending).toBe(0);
    for (const call of calls) call.cancel('test');
    await pass(20);
    expect(client.load.instances()[0]?.pending).toBe(-2);
    hosts[0]?.instance.report({ busy: 0, queued: 0 });
    await pass(20);
    expect(client.load.instances()[0]?.pending).toBe(0);
  });

  it('chooses the instance where its request has just ended, before the next report', async () => {
    const ran: string[] = [];
    const slot = (name: string) => ({
      name,
      load: { slots: 1 },
      onOpen: (stream: ScriptedStream): void => {
        ran.push(name);
        stream.feed({ kind: 'accept', position: 0 });
      },
    });
    const { run, pass, hosts } = await setup(slot('one'), slot('two'));
    const calls = [run(), run()];
    await pass(20);
    for (const { instance } of hosts) instance.report({ busy: 1 });
    await pass(20);
    const left = ran[1];
    calls[1]?.cancel('test');
    await pass(20);
    void run();
    await pass(20);
    expect(ran).toEqual([ran[0], left, left]);
  });

  it('ends what runs when it stops', async () => {
    const { client, run, pass, hosts } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'accept', position: 0 }),
    });
    const reading = read(run());
    await pass(50);
    const stopping = client.stop();
    await pass(100);
    await stopping;
    expect((await reading).error?.code).toBe('cancelled');
    expect(hosts[0]?.instance.streams[0]?.cancels[0]).toBe('the session ended');
    await expect(run().head).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('fails running and later calls when the node stops before the client', async () => {
    const { node, run, pass } = await setup({
      onOpen: (stream) => stream.feed({ kind: 'accept', position: 0 }),
    });
    const reading = read(run());
    await pass(50);
    const leaving = node.leave();
    await pass(100);
    await leaving;
    expect((await reading).error?.code).toBe('cancelled');
    await expect(run().head).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('causes no unhandled rejection if a caller never reads its call', async () => {
    const { client, run, pass } = await setup({ onOpen: sendLines(3) });
    run();
    run({ model: 'x' });
    run({}, AbortSignal.abort());
    await pass(100);
    expect(client.active).toBe(0);
  });

  it('refuses more calls than it may run', async () => {
    const hub = createTestHub();
    const client = createFleetClient(createTestNode(hub, { nodeId: 'gw' }), { config: { maxCalls: 1 } });
    const request: FleetRequest = { requestId: 'r', route: 'chat', model: 'm', body: new Uint8Array() };
    client.run(request, never);
    await expect(client.run(request, never).head).rejects.toMatchObject({
      code: 'queue-full',
      retryAfterMs: 1_000,
    });
  });

  it('limits incomplete long lines of all calls, and frees their room afterwards', async () => {
    const { node, pass, hosts } = await setup({
      onOpen: (stream) => {
        stream.feed({ kind: 'head', status: 200, contentType: 'application/json' });
        stream.feed({
          kind: 'lines',
          lines: ['x'.repeat(stream.open.requestId === 'long' ? 150_000 : 90_000)],
        });
        stream.feed({ kind: 'end' });
      },
    });
    const small = createFleetClient(node, { config: { maxPartialUnits: 100_000 } });
    const ask = (requestId: string) =>
      read(small.run({ requestId, route: 'chat', model: 'm', body: Buffer.from('{}') }, never));
    await pass(1_100);
    for (const requestId of ['short', 'long', 'short', 'short']) {
      const reading = ask(requestId);
      await pass(100);
      const { lines, error } = await reading;
      if (requestId === 'short') expect(lines[0]?.length).toBe(90_000);
      else expect(error).toMatchObject({ code: 'queue-full', retryAfterMs: 1_000 });
    }
    expect(hosts[0]?.instance.streams[1]?.cancels[0]).toContain('maxPartialUnits is 100000');
    await small.stop();
  });

  it('asks what models there are once for each revision of the list', async () => {
    const { client, pass, hosts } = await setup({}, { name: 'other' });
    const first = client.describe();
    await pass(50);
    expect((await first).map(({ node, instance }) => `${node}/${instance}`)).toEqual([
      'host-1/ollama-1',
      'host-2/other',
    ]);
    await client.describe();
    expect(hosts[0]?.instance.described).toBe(1);
    hosts[0]?.instance.report({ catalogueRevision: 2 });
    hosts[1]?.instance.freeze();
    await pass(20);
    const second = client.describe();
    await pass(50);
    expect(await second).toHaveLength(2);
    expect(hosts[0]?.instance.described).toBe(2);
  });
});

/** Lets time pass until `work` ends. Many calls at once take more turns of the event loop on a slow machine. */
async function passUntil<T>(pass: (ms: number) => Promise<void>, work: Promise<T>): Promise<T> {
  const state = { ended: false };
  const outcome = work.finally(() => {
    state.ended = true;
  });
  while (!state.ended) await pass(20);
  return await outcome;
}
