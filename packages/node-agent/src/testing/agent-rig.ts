import type { Clock, Logger } from '@drover/actor-core';
import { anyToken } from '@drover/actor-core/cluster';
import {
  advance,
  createTestHub,
  createTestNode,
  ManualClock,
  type TestHub,
  type TestNode,
} from '@drover/actor-core/testing';
import { decodeLoadReport, type InstanceLoad, type LoadReport } from '@drover/fleet';
import type { NodeAgentOptions } from '../config.ts';
import { type NodeAgent, startNodeAgent } from '../node-agent.ts';
import type { RunnerCpu } from '../silence/runner-cpu.ts';
import { openSession, type SessionOptions, type TestSession } from './test-session.ts';

/** A node-agent and the node of a gateway on one memory bus, with a manual clock unless another clock is given. */
export interface AgentRig {
  readonly hub: TestHub;
  readonly agent: NodeAgent;
  readonly node: TestNode;
  readonly gateway: TestNode;
  readonly reports: readonly LoadReport[];
  readonly logged: readonly string[];
  /** The entry of the instance in the newest load report. */
  load(instance?: string): InstanceLoad | undefined;
  open(body: unknown, options?: SessionOptions): TestSession;
  /** Moves a manual clock. */
  pass(ms: number, stepMs?: number): Promise<void>;
  end(): Promise<void>;
}

export async function startRig(
  options: NodeAgentOptions,
  clock?: Clock,
  runnerCpu?: RunnerCpu,
): Promise<AgentRig> {
  const time = clock ?? new ManualClock();
  const hub = createTestHub({ clock: time });
  const gateway = createTestNode(hub, { nodeId: 'gw', roles: ['gateway'] });
  const reports: LoadReport[] = [];
  gateway.transport.subscribe(gateway.subjects.load(anyToken), ({ payload }) => {
    const report = decodeLoadReport(payload);
    if (typeof report === 'string') throw new Error(report);
    reports.push(report);
  });
  const logged: string[] = [];
  const write = (_fields: object, message: string): void => void logged.push(message);
  const log: Logger = { debug() {}, info: write, warn: write, error: write };
  const node = createTestNode(hub, { nodeId: 'agent', roles: ['node-agent'], log });
  const agent = await startNodeAgent(node, options, { runnerCpu: () => runnerCpu });
  const load = (instance = 'one') => reports.at(-1)?.instances.find(({ name }) => name === instance);
  return {
    hub,
    agent,
    node,
    gateway,
    reports,
    logged,
    load,
    open: (body, sessionOptions) => openSession(gateway, 'agent', body, sessionOptions),
    async pass(ms, stepMs) {
      if (!(time instanceof ManualClock)) throw new Error('only a manual clock can be moved');
      await advance(time, ms, stepMs);
    },
    async end() {
      await agent.stop();
      await node.leave();
      await gateway.leave();
    },
  };
}

/** Lets the event loop run until `condition` is true: real I/O happens, a manual clock does not move. */
export async function until(
  condition: () => boolean,
  what = 'the condition',
  patienceMs = 30_000,
): Promise<void> {
  const begin = performance.now();
  while (!condition()) {
    if (performance.now() - begin > patienceMs)
      throw new Error(`${what} did not come true within ${patienceMs} ms`);
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
