import { props, type Random, receive, setup } from '@drover/actor-core';
import { noTracer } from '@drover/telemetry';
import {
  advance,
  createTestHub,
  createTestNode,
  type ManualClock,
  type Passage,
  seededRandom,
  type TestHub,
  type TestNode,
} from '@drover/actor-core/testing';
import {
  createFleetClient,
  type FleetClient,
  followSigners,
  resolveConfig as resolveFleetConfig,
} from '@drover/fleet';
import { resolveConfig } from '../config.ts';
import { instanceProps } from '../instance/instance-actor.ts';
import { LoadReporter } from '../report/load-reporter.ts';
import { createCounters } from '../stats.ts';
import { VirtualOllama } from './virtual-ollama.ts';

export interface FleetRigOptions {
  readonly seed: number;
  readonly gateways: number;
  /** Slots of each host. */
  readonly hosts: readonly number[];
  /** Number of hosts, counted from the last one, whose Ollama refuses connections at the start. @default 0 */
  readonly awayAtFirst?: number;
}

/** Outcome of a request. Instants of the clock, milliseconds. */
export interface RigCall {
  readonly id: string;
  /** Index of the gateway that got the request. */
  readonly gateway: number;
  readonly arrivedAtMs: number;
  readonly serviceMs: number;
  readonly priority: number;
  endedAtMs: number | undefined;
  lines: string[];
  /** Code of the error with which the call ended. */
  error: string | undefined;
  /** The client disconnects. */
  abort(): void;
}

export interface RigRequest {
  readonly priority?: number;
  /** @default the smallest body */
  readonly bodyBytes?: number;
}

/** Real fleet clients and real instance actors on a memory bus, with a virtual Ollama and virtual time. */
export interface FleetRig {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly hub: TestHub<ManualClock>;
  readonly hosts: readonly {
    readonly node: TestNode;
    readonly ollama: VirtualOllama;
    readonly slots: number;
  }[];
  readonly gateways: readonly { readonly node: TestNode; readonly client: FleetClient }[];
  /** Sends a request now; `bodyBytes` is the size of its body. */
  run(gateway: number, serviceMs: number, request?: RigRequest): RigCall;
  readonly calls: readonly RigCall[];
  pass(ms: number, stepMs?: number): Promise<void>;
  end(): Promise<void>;
}

/** True for messages between actors, false for other messages of the bus. */
export function isActorTraffic({ subject }: Passage): boolean {
  return subject.includes('.dat.') || subject.includes('.ctl.');
}

export async function startFleetRig(options: FleetRigOptions): Promise<FleetRig> {
  const random = seededRandom(options.seed);
  const hub = createTestHub({ random: seededRandom(options.seed + 1_000_003) });
  const { clock } = hub;
  const reporters: LoadReporter[] = [];
  const hosts = options.hosts.map((slots, index) => {
    const node = createTestNode(hub, { nodeId: `host-${index + 1}`, roles: ['node-agent'] });
    const ollama = new VirtualOllama(clock);
    ollama.away = index >= options.hosts.length - (options.awayAtFirst ?? 0);
    const config = resolveConfig({
      instances: [{ name: 'one', url: 'http://127.0.0.1:1', slots }],
      probeIntervalMs: 500,
      probeTimeoutMs: 400,
    });
    const [instance] = config.instances;
    if (instance === undefined) throw new Error('the configuration has no instance');
    const reporter = new LoadReporter(node, [instance.name], config.reportIntervalMs);
    reporters.push(reporter);
    let revision = 0;
    const nextRevision = (): number => {
      revision += 1;
      return revision;
    };
    const child = instanceProps({
      instance,
      ollama,
      signers: followSigners(node),
      tracer: noTracer,
      node,
      nextRevision,
      runnerCpu: undefined,
      counters: createCounters(),
      limits: config,
      fleet: resolveFleetConfig(),
      onChange: (load) => reporter.changed(instance.name, load),
      onProbed: () => {},
    });
    const parent = setup<never>((context) => {
      context.spawn(child, instance.name);
      return receive<never>(() => {});
    });
    node.system.spawn(
      props(() => parent),
      'instances',
    );
    return { node, ollama, slots };
  });
  const gateways = Array.from({ length: options.gateways }, (_, index) => {
    const node = createTestNode(hub, { nodeId: `gw-${index + 1}`, roles: ['gateway'] });
    return { node, client: createFleetClient(node) };
  });
  const calls: RigCall[] = [];
  const pass = (ms: number, stepMs = 5): Promise<void> => advance(clock, ms, stepMs);
  await pass(1_500, 50);

  const follow = async (call: RigCall, lines: AsyncIterable<readonly string[]>): Promise<void> => {
    try {
      for await (const batch of lines) call.lines.push(...batch);
    } catch (error) {
      call.error = (error as { code?: string }).code ?? String(error);
    }
    call.endedAtMs = clock.now();
  };
  return {
    clock,
    random,
    hub,
    hosts,
    gateways,
    calls,
    run(gateway, serviceMs, request = {}) {
      const id = `r${calls.length + 1}`;
      const { priority = 0, bodyBytes = 0 } = request;
      const caller = new AbortController();
      const call: RigCall = {
        id,
        gateway: gateway % gateways.length,
        arrivedAtMs: clock.now(),
        serviceMs,
        priority,
        endedAtMs: undefined,
        lines: [],
        error: undefined,
        abort: () => caller.abort(),
      };
      calls.push(call);
      const padding = 'x'.repeat(bodyBytes);
      const body = Buffer.from(JSON.stringify({ id, ms: serviceMs, padding }));
      const asked = { requestId: id, route: 'generate', model: 'm', body, priority } as const;
      const client = gateways[gateway % gateways.length]?.client;
      if (client === undefined) throw new Error('there is no gateway');
      void follow(call, client.run(asked, caller.signal).lines);
      return call;
    },
    pass,
    async end() {
      for (const { client } of gateways) await client.stop();
      for (const reporter of reporters) reporter.stop();
      for (const { node } of [...hosts, ...gateways]) await node.leave();
    },
  };
}
