import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../clock/system-clock.ts';
import { StoreUnavailableError } from '../../errors.ts';
import { joinLeadership } from '../../leadership/join-leadership.ts';
import { decodeLeadRecord } from '../../leadership/lead-record.ts';
import type { Leadership } from '../../leadership/leadership.ts';
import { silentLogger } from '../../logger.ts';
import type { ClusterNode } from '../../node/cluster-node.ts';
import { joinCluster } from '../../node/join-cluster.ts';
import type { LogRecord } from '../../storage/log/log.ts';
import { controlGroup, controlStream } from '../../transport/subjects.ts';
import { type Audit, auditLog } from './leader-audit.ts';
import { type Timeline, timelineOf } from './election-timeline.ts';
import type { ElectionStep, LeaderReport } from './leader-messages.ts';
import { OrderReceiver } from './order-receiver.ts';
import { waitUntil } from '../wait-until.ts';

const program = fileURLToPath(new URL('./leader-process.ts', import.meta.url));
const lookMs = 20;
const waitMs = 60_000;

/** How a trial is set up. */
export interface LeaderTrialOptions {
  /** Copies of each group's log. @default 1 */
  readonly replicas?: number;
  /** Groups in which the candidates compete. @default the control group */
  readonly groups?: readonly string[];
  /** @default all candidates */
  readonly voters?: readonly string[];
}

/** A leader that was replaced by another one. Times count from the signal, by the server's clock. */
interface Replacement {
  readonly leader: string;
  /** Until the log accepted the lead record of the next one. */
  readonly ledMs: number;
  /** Until the log accepted the first write of the next one. */
  readonly tookMs: number;
  readonly timeline: Timeline;
}

/** Candidates in processes of their own that write while they lead, and a node that watches them. */
export class LeaderTrial {
  readonly node: ClusterNode;
  readonly names: readonly string[];
  readonly groups: readonly string[];
  /** Receivers of the orders of each group's leader. */
  readonly receivers: ReadonlyMap<string, OrderReceiver>;
  /** Nodes that some process saw dead in its view, in the order of the reports. */
  readonly dead: string[] = [];
  readonly #steps: ElectionStep[] = [];
  readonly #urls: readonly string[];
  readonly #options: LeaderTrialOptions;
  readonly #leaderships: ReadonlyMap<string, Leadership>;
  readonly #processes = new Map<string, ChildProcess>();
  /** Sequences of the writes that were acknowledged to the processes, by group and id. */
  readonly #acknowledged = new Map<string, Map<string, number>>();

  constructor(
    node: ClusterNode,
    urls: readonly string[],
    names: readonly string[],
    options: LeaderTrialOptions,
  ) {
    this.node = node;
    this.names = names;
    this.groups = options.groups ?? [controlGroup];
    this.#urls = urls;
    this.#options = options;
    const follow = (group: string) => joinLeadership(node, { group, candidate: false });
    this.#leaderships = new Map(this.groups.map((group) => [group, follow(group)]));
    this.receivers = new Map(this.groups.map((group) => [group, new OrderReceiver(node, group)]));
  }

  /** Starts the candidates, and waits until each group has a leader. */
  static async start(
    urls: readonly string[],
    names: readonly string[],
    options: LeaderTrialOptions = {},
  ): Promise<LeaderTrial> {
    const node = await joinCluster({
      nodeId: 'watcher',
      incarnation: Math.floor(systemClock.wallNow()),
      roles: ['host'],
      cell: 'test',
      nats: { servers: urls },
      pid: process.pid,
      log: silentLogger,
    });
    const trial = new LeaderTrial(node, urls, names, options);
    await Promise.all(names.map((name) => trial.startProcess(name)));
    for (const group of trial.groups) await trial.untilLed(60_000, group);
    return trial;
  }

  /** The node that leads, as this process knows. */
  leader(group: string = this.#first): string | undefined {
    return this.#leaderships.get(group)?.current()?.node;
  }

  async startProcess(name: string): Promise<void> {
    const { replicas = 1, voters = this.names } = this.#options;
    // Each process begins at another server.
    const first = this.names.indexOf(name) % this.#urls.length;
    const urls = [...this.#urls.slice(first), ...this.#urls.slice(0, first)];
    const args = [urls.join(','), name, voters.join(','), String(replicas), this.groups.join(',')];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#processes.set(name, child);
    const ready = Promise.withResolvers<void>();
    child.once('exit', (code) => ready.reject(new Error(`${name} exited with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') ready.resolve();
      else this.#note(JSON.parse(line) as LeaderReport);
    });
    await ready.promise;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.#processes.get(name)?.kill(signal);
  }

  async untilLed(withinMs = 20_000, group: string = this.#first): Promise<string> {
    await waitUntil(`one leads ${group}`, () => this.leader(group) !== undefined, withinMs);
    return this.leader(group) as string;
  }

  /** Does that to the leader, and measures the time until another fence is known. */
  async failOver(strike: (leader: string) => Promise<void> | void, withinMs = 30_000): Promise<number> {
    const leader = await this.untilLed();
    const leadership = this.#leaderships.get(this.#first);
    const fence = leadership?.current()?.fence ?? 0;
    const sinceMs = systemClock.now();
    await strike(leader);
    await waitUntil('another leads', () => (leadership?.current()?.fence ?? fence) !== fence, withinMs);
    return systemClock.now() - sinceMs;
  }

  /** Sends that signal to the leader of the group, and waits for a write of the next one. */
  async replaceLeader(signal: NodeJS.Signals, group: string = this.#first): Promise<Replacement> {
    await this.untilLed(30_000, group);
    const before = decodeLeadRecord(await this.#newestLead(group));
    const sinceMs = systemClock.wallNow();
    this.signal(before.leader, signal);
    const lead = await this.#await(group, 'lead', before.sequence + 1);
    const write = await this.#await(group, 'x.*', lead.sequence);
    const steps = this.#steps.filter(({ fields }) => fields['group'] === group);
    return {
      timeline: timelineOf(steps, sinceMs, write.acceptedAtMs),
      leader: before.leader,
      ledMs: lead.acceptedAtMs - sinceMs,
      tookMs: write.acceptedAtMs - sinceMs,
    };
  }

  /**
   * Does that, and waits until the log of each group accepts a write. Returns the milliseconds until each one did, by
   * the servers' clock.
   */
  async untilWritten(strike: () => Promise<void> | void): Promise<number[]> {
    const heads = await Promise.all(
      this.groups.map((group) => this.untilAnswered(() => this.node.storage.log.info(this.#log(group)))),
    );
    const sinceMs = systemClock.wallNow();
    await strike();
    return Promise.all(
      this.groups.map(async (group, index) => {
        const from = (heads[index]?.lastSequence ?? 0) + 1;
        const write = await this.#await(group, 'x.*', from, (record) => record.acceptedAtMs > sinceMs);
        return write.acceptedAtMs - sinceMs;
      }),
    );
  }

  /** Index of the server that leads the stream of the group's log. */
  async streamLeader(group: string): Promise<number> {
    const subject = `$JS.API.STREAM.INFO.${this.#log(group)}`;
    const answer = await this.node.transport.request(subject, new Uint8Array(0), { timeoutMs: 5_000 });
    const info = JSON.parse(new TextDecoder().decode(answer)) as { cluster?: { leader?: string } };
    // The servers are called n0, n1 and n2.
    return Number(info.cluster?.leader?.slice(1));
  }

  /** Reads the whole log of the group, and compares it with what was acknowledged. */
  audit(group: string = this.#first): Promise<Audit> {
    const acknowledged = new Map(this.#acknowledged.get(group));
    return this.untilAnswered(() => auditLog(this.node, group, acknowledged));
  }

  /** Repeats a read while the store is away. */
  async untilAnswered<T>(
    read: () => Promise<T>,
    deadlineMs: number = systemClock.now() + 60_000,
  ): Promise<T> {
    for (;;)
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || systemClock.now() > deadlineMs) throw error;
        await pause(lookMs);
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
    for (const receiver of this.receivers.values()) receiver.close();
    await this.node.leave();
  }

  async #newestLead(group: string): Promise<LogRecord> {
    const { storage, subjects } = this.node;
    const subject = subjects.control(group, 'lead');
    const record = await this.untilAnswered(() => storage.log.readLast(this.#log(group), subject));
    if (record === undefined) throw new Error(`nobody has led ${group}`);
    return record;
  }

  /** The first record of the group's log, from a sequence on, that has that subject and is wanted. */
  async #await(
    group: string,
    subject: string,
    from: number,
    isWanted: (record: LogRecord) => boolean = () => true,
  ): Promise<LogRecord> {
    const deadlineMs = systemClock.now() + waitMs;
    const filter = this.node.subjects.control(group, ...subject.split('.'));
    for (let next = from; ; ) {
      const query = { from: next, filter };
      const page = await this.untilAnswered(
        () => this.node.storage.log.readForward(this.#log(group), query),
        deadlineMs,
      );
      const found = page.records.find(isWanted);
      if (found !== undefined) return found;
      if (systemClock.now() > deadlineMs) throw new Error(`no ${subject} of ${group} within ${waitMs} ms`);
      next = Math.max(next, page.next);
      if (page.isEnd) await pause(lookMs);
    }
  }

  #note(line: LeaderReport): void {
    if (line.kind === 'dead') return void this.dead.push(line.node);
    if (line.kind === 'step') return void this.#steps.push(line);
    const known = this.#acknowledged.get(line.group) ?? new Map<string, number>();
    this.#acknowledged.set(line.group, known.set(line.id, line.sequence));
    return undefined;
  }

  #log(group: string): string {
    return controlStream(this.node.subjects.cell, group);
  }

  get #first(): string {
    return this.groups[0] ?? controlGroup;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(ms, resolve));
}
