import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock/system-clock.ts';
import { joinLeadership } from '../leadership/join-leadership.ts';
import { decodeLeadRecord } from '../leadership/lead-record.ts';
import type { Leadership } from '../leadership/leadership.ts';
import { silentLogger } from '../logger.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { joinCluster } from '../node/join-cluster.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { controlGroup, controlStream } from '../transport/subjects.ts';
import type { LeaderWrite } from './leader-process.ts';
import { waitUntil } from './wait-until.ts';

const program = fileURLToPath(new URL('./leader-process.ts', import.meta.url));

/** What the log accepted of the leaders, checked record by record. */
export interface Audit {
  readonly writes: number;
  readonly leads: number;
  /** Accepted writes that were decided under another fence than the newest one. */
  readonly stale: readonly string[];
}

/** Candidates in processes of their own that write while they lead, and a node that watches them. */
export class LeaderTrial {
  readonly node: ClusterNode;
  readonly names: readonly string[];
  readonly #urls: readonly string[];
  readonly #replicas: number;
  readonly #leadership: Leadership;
  readonly #processes = new Map<string, ChildProcess>();

  constructor(node: ClusterNode, urls: readonly string[], names: readonly string[], replicas: number) {
    this.node = node;
    this.names = names;
    this.#urls = urls;
    this.#replicas = replicas;
    this.#leadership = joinLeadership(node, { group: controlGroup, candidate: false });
  }

  /** Starts the candidates, and waits until one leads. */
  static async start(urls: readonly string[], names: readonly string[], replicas = 1): Promise<LeaderTrial> {
    const node = await joinCluster({
      nodeId: 'watcher',
      incarnation: Math.floor(systemClock.wallNow()),
      roles: ['host'],
      cell: 'test',
      nats: { servers: urls },
      pid: process.pid,
      log: silentLogger,
    });
    const trial = new LeaderTrial(node, urls, names, replicas);
    await Promise.all(names.map((name) => trial.startProcess(name)));
    await trial.untilLed();
    return trial;
  }

  /** The node that leads, as this process knows. */
  leader(): string | undefined {
    return this.#leadership.current()?.node;
  }

  async startProcess(name: string): Promise<void> {
    const args = [program, this.#urls.join(','), name, this.names.join(','), String(this.#replicas)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#processes.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`${name} exited with ${code}`)));
    });
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#processes.get(name)?.kill(signal);
  }

  async untilLed(withinMs = 20_000): Promise<string> {
    await waitUntil('one leads', () => this.leader() !== undefined, withinMs);
    return this.leader() as string;
  }

  /** Does that to the leader, and measures the time until another fence is known. */
  async failOver(strike: (leader: string) => Promise<void> | void, withinMs = 30_000): Promise<number> {
    const leader = await this.untilLed();
    const fence = this.#leadership.current()?.fence ?? 0;
    const sinceMs = systemClock.now();
    await strike(leader);
    await waitUntil('another leads', () => (this.#leadership.current()?.fence ?? fence) !== fence, withinMs);
    return systemClock.now() - sinceMs;
  }

  /** Reads the whole log, and checks every write against the lead record before it. */
  async audit(): Promise<Audit> {
    const { storage, subjects } = this.node;
    const log = controlStream(subjects.cell, controlGroup);
    const lead = subjects.control(controlGroup, 'lead');
    const found = { writes: 0, leads: 0, stale: [] as string[] };
    let holder: { readonly leader: string; readonly sequence: number } | undefined;
    for (let from = 1; ; ) {
      const page = await storage.log.readForward(log, { from, limit: 1_000 });
      for (const record of page.records) {
        if (record.subject === lead) {
          holder = decodeLeadRecord(record);
          found.leads++;
        } else if (record.subject.includes('.x.')) {
          found.writes++;
          const { by, fence } = statedBy(record);
          if (by !== holder?.leader || fence !== holder.sequence)
            found.stale.push(`#${record.sequence} by ${by} under ${fence}, not ${holder?.sequence}`);
        }
      }
      if (page.isEnd) return found;
      from = page.next;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(
      [...this.#processes.values()].map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await exited;
      }),
    );
    await this.node.leave();
  }
}

function statedBy({ payload }: LogRecord): LeaderWrite {
  return JSON.parse(new TextDecoder().decode(payload)) as LeaderWrite;
}
