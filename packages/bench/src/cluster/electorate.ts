import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '@drover/actor-core';
import {
  type ClusterNode,
  joinCluster,
  joinLeadership,
  type Leadership,
  requestTransfer,
} from '@drover/actor-core/cluster';
import { type ReadyProcess, startReady } from '../child-process.ts';
import { untilReady } from '../until-ready.ts';

const program = fileURLToPath(new URL('./candidate-main.js', import.meta.url));
const group = 'control';
const startTimeoutMs = 60_000;
const changeTimeoutMs = 60_000;
const maxRequests = 5;
/** A voter that was started a moment ago takes part in no election for 2.4 s. */
const settleMs = 3_000;

/** Candidates in processes of their own, and a node that sees who leads. */
export class Electorate {
  readonly #urls: string;
  readonly #names: readonly string[];
  readonly #replicas: number;
  readonly #node: ClusterNode;
  readonly #leadership: Leadership;
  readonly #processes = new Map<string, ReadyProcess<{ event: string }>>();

  private constructor(urls: string, names: readonly string[], replicas: number, node: ClusterNode) {
    this.#urls = urls;
    this.#names = names;
    this.#replicas = replicas;
    this.#node = node;
    this.#leadership = joinLeadership(node, { group, candidate: false });
  }

  /** Starts the candidates, and waits until one of them leads. */
  static async start(urls: string, names: readonly string[], replicas: number): Promise<Electorate> {
    const node = await joinCluster({
      nodeId: 'watcher',
      incarnation: Math.floor(systemClock.wallNow()),
      roles: ['host'],
      cell: 'bench',
      nats: { servers: urls.split(',') },
      pid: process.pid,
      log: silentLogger,
    });
    const electorate = new Electorate(urls, names, replicas, node);
    await Promise.all(names.map((name) => electorate.#startCandidate(name)));
    await untilReady(async () => electorate.#current());
    await pause(settleMs);
    return electorate;
  }

  /** Milliseconds from the SIGKILL of the leader until this process knows its successor. Starts it again. */
  async kill(): Promise<number> {
    const { node } = this.#current();
    const tookMs = await this.#untilChanged(() => void this.#processes.get(node)?.child.kill('SIGKILL'));
    await this.#startCandidate(node);
    await pause(settleMs);
    return tookMs;
  }

  /**
   * Milliseconds from the request that the leader hands over until this process knows its successor, with further
   * requests where the chosen candidate did not take over in time.
   */
  async handOver(): Promise<number> {
    const leader = this.#current();
    return this.#untilChanged(async () => {
      for (let request = 1; ; request++) {
        const answer = await requestTransfer(this.#node, { group, leader, ageMs: 0, elections: 0 });
        if (answer.ok) return;
        if (request === maxRequests) throw new Error(`the leader did not hand over: ${answer.code}`);
      }
    });
  }

  async dispose(): Promise<void> {
    for (const { child } of this.#processes.values()) child.kill('SIGKILL');
    await this.#node.leave();
  }

  #current(): NonNullable<ReturnType<Leadership['current']>> {
    const leader = this.#leadership.current();
    if (leader === undefined) throw new Error(`nobody leads ${group}`);
    return leader;
  }

  async #untilChanged(act: () => Promise<void> | void): Promise<number> {
    const { fence } = this.#current();
    const changed = Promise.withResolvers<number>();
    const late = setTimeout(() => changed.reject(new Error('no other leader came')), changeTimeoutMs);
    const beganMs = performance.now();
    const off = this.#leadership.onChange((leader) => {
      if (leader !== undefined && leader.fence !== fence) changed.resolve(performance.now() - beganMs);
    });
    try {
      await act();
      return await changed.promise;
    } finally {
      clearTimeout(late);
      off();
    }
  }

  async #startCandidate(name: string): Promise<void> {
    const args = [this.#urls, name, this.#names.join(','), String(this.#replicas)];
    this.#processes.set(name, await startReady(program, args, { timeoutMs: startTimeoutMs }));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
