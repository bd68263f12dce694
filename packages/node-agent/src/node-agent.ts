import { type ActorRef, createLiveConfig, props, receive, setup } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import {
  blobsPath,
  type FleetConfig,
  followSigners,
  type KnownSigners,
  resolveConfig as resolveFleetConfig,
} from '@drover/fleet';
import {
  type NodeAgentConfig,
  type NodeAgentOptions,
  liveFields,
  type NodeAgentLimits,
  type ResolvedInstance,
  resolveConfig,
} from './config.ts';
import { noTracer, type Tracer } from '@drover/telemetry';
import { instanceProps } from './instance/instance-actor.ts';
import type { InstanceInbox } from './instance/instance-internal.ts';
import { AdminRunner, type ManagedModels } from './models/admin-runner.ts';
import { blobsProps } from './models/blobs-actor.ts';
import type { OllamaAdmin } from './models/ollama-admin.ts';
import { connectOllamaAdmin } from './models/ollama-js-admin.ts';
import type { Ollama } from './ollama/ollama.ts';
import { connectOllama } from './ollama/undici-ollama.ts';
import { createProcRunnerCpu } from './silence/proc-runner-cpu.ts';
import type { RunnerCpu } from './silence/runner-cpu.ts';
import { LoadReporter } from './report/load-reporter.ts';
import { type Counters, createCounters, type InstanceStats } from './stats.ts';

/** The node-agent of one host: the only client of its Ollama instances. */
export interface NodeAgent {
  /**
   * Refuses new and waiting requests, lets running requests finish within `drainMs`, then cancels them. Resolves when
   * no request is left inside any Ollama; `stop` must still be called.
   */
  drain(): Promise<void>;
  /** Stops at once: running requests are cancelled, and their streams end. Later calls do nothing. */
  stop(): Promise<void>;
  /** Counters of each instance since the start, by name. */
  stats(): Readonly<Record<string, InstanceStats>>;
  /**
   * Replaces the limits that were changed since the start. The next load report shows them.
   *
   * @throws InvalidArgumentError naming a limit that cannot change, or does not fit; nothing changes
   */
  reconfigure(changes: Partial<NodeAgentLimits>): void;
}

/** Settings of the streams to the gateways. */
export interface NodeAgentStreams {
  readonly fleetConfig?: Partial<FleetConfig>;
}

/** Sources of facts about the machine; tests replace them. */
export interface MachineFacts {
  /** The runner processes of the Ollama at `url`. @default out of `/proc` */
  readonly runnerCpu?: (url: string) => RunnerCpu | undefined;
  /** @default records nothing */
  readonly tracer?: Tracer;
}

/** Connections that are kept in addition to one for each slot: a probe sends three requests. */
const probeConnections = 3;
/** Time for the answer of an instance after the deadline of its drain. */
const drainGraceMs = 2_000;
/** Time for the new list of models after an admin job. */
const relistMs = 5_000;

interface ManagedOllama {
  readonly instance: ResolvedInstance;
  readonly ollama: Ollama;
  readonly admin: OllamaAdmin;
  readonly counters: Counters;
}

/**
 * Starts an actor `instances/{name}` for each Ollama, and the load reports. Resolves after one probe of each Ollama,
 * successful or not: an Ollama that does not answer is `down` and recovers by itself.
 *
 * @throws InvalidArgumentError naming the field of `options` that cannot be used
 */
export async function startNodeAgent(
  node: ClusterNode,
  options: NodeAgentOptions & NodeAgentStreams,
  { runnerCpu = createProcRunnerCpu, tracer = noTracer }: MachineFacts = {},
): Promise<NodeAgent> {
  const { fleetConfig, ...own } = options;
  const live = createLiveConfig<NodeAgentConfig>(
    (stated) => resolveConfig({ ...own, ...stated, instances: own.instances }),
    {},
    liveFields,
  );
  const config = live.current;
  const fleet = resolveFleetConfig(fleetConfig);
  const managed = config.instances.map((instance) => connectInstance(node, config, instance));
  // Before the first load report: whoever routes a request here has heard one.
  const signers = followSigners(node);
  const reporter = new LoadReporter(
    node,
    config.instances.map(({ name }) => name),
    config.reportIntervalMs,
  );
  const parts = { reporter, signers, runnerCpu, tracer };
  const { supervisor, firstProbes } = startInstances(node, config, fleet, managed, parts);
  const runner = new AdminRunner(node, managedModels(node, managed), signers);
  const blobs = node.system.spawn(
    blobsProps(new Map(managed.map(({ instance: { name }, admin }) => [name, admin]))),
    blobsPath,
  );
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    runner.stop();
    await node.system.stop(blobs);
    await node.system.stop(supervisor);
    reporter.stop();
    signers.stop();
    for (const { ollama, admin } of managed) {
      ollama.close();
      admin.close();
    }
  };
  await firstProbes;
  return {
    reconfigure: (changes) => live.apply(changes),
    drain: () => {
      runner.drain();
      return drain(node, config);
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
    stats: () =>
      Object.fromEntries(managed.map(({ instance, counters }) => [instance.name, structuredClone(counters)])),
  };
}

function connectInstance(
  node: ClusterNode,
  config: NodeAgentConfig,
  instance: ResolvedInstance,
): ManagedOllama {
  const maxIdle = instance.slots + probeConnections;
  const ollama = connectOllama(instance.address, node.clock, { connectMs: config.connectMs, maxIdle });
  const admin = connectOllamaAdmin(instance.address, config.connectMs);
  return { instance, ollama, admin, counters: createCounters() };
}

function managedModels(
  node: ClusterNode,
  managed: readonly ManagedOllama[],
): ReadonlyMap<string, ManagedModels> {
  const relist = async (name: string): Promise<void> => {
    const instance = node.system.refFor<InstanceInbox>(node.nodeId, `instances/${name}`);
    const asked = node.system.ask<InstanceInbox, 'relisted'>(
      instance,
      (replyTo) => ({ kind: 'relist', replyTo }),
      { timeoutMs: relistMs },
    );
    // Without an answer the next probe lists the models.
    await asked.catch(() => undefined);
  };
  return new Map(
    managed.map(({ instance: { name }, admin }) => [name, { admin, relist: () => relist(name) }]),
  );
}

function startInstances(
  node: ClusterNode,
  config: NodeAgentConfig,
  fleet: FleetConfig,
  managed: readonly ManagedOllama[],
  {
    reporter,
    signers,
    runnerCpu,
    tracer,
  }: {
    readonly reporter: LoadReporter;
    readonly signers: KnownSigners;
    readonly runnerCpu: (url: string) => RunnerCpu | undefined;
    readonly tracer: Tracer;
  },
): { supervisor: ActorRef<never>; firstProbes: Promise<unknown> } {
  let revision = 0;
  const nextRevision = (): number => {
    revision += 1;
    return revision;
  };
  const probed = managed.map(() => Promise.withResolvers<void>());
  const children = managed.map(({ instance, ollama, counters }, index) =>
    instanceProps({
      instance,
      ollama,
      counters,
      signers,
      tracer,
      runnerCpu: runnerCpu(instance.url),
      node,
      limits: config,
      fleet,
      nextRevision,
      onChange: (load) => reporter.changed(instance.name, load),
      onProbed: () => probed[index]?.resolve(),
    }),
  );
  const recipe = setup<never>((context) => {
    for (const [index, child] of children.entries()) context.spawn(child, config.instances[index]?.name);
    return receive<never>(() => {});
  });
  // Dynamic: an instance that keeps failing is parked, and the others continue.
  const supervision = { strategy: 'one-for-one', intensity: 3, periodMs: 30_000, dynamic: true } as const;
  const supervisor = node.system.spawn(
    props(() => recipe, { restart: 'permanent', supervision }),
    'instances',
  );
  return { supervisor, firstProbes: Promise.all(probed.map(({ promise }) => promise)) };
}

async function drain(node: ClusterNode, config: NodeAgentConfig): Promise<void> {
  const asked = config.instances.map(({ name }) =>
    node.system.ask<InstanceInbox, 'drained'>(
      node.system.refFor<InstanceInbox>(node.nodeId, `instances/${name}`),
      (replyTo) => ({ kind: 'drain', replyTo }),
      { timeoutMs: config.drainMs + drainGraceMs, lane: 'control' },
    ),
  );
  // An instance that is parked after repeated failures cannot answer, and has nothing to drain.
  await Promise.allSettled(asked);
}
