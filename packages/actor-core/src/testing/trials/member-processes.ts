import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../clock/system-clock.ts';
import type { MembershipProfile } from '../../membership/swim/swim-config.ts';
import { type CuttableLink, openCuttableLink } from './cuttable-link.ts';
import type { Listing, MemberReport, Sighting } from './member-process.ts';
import { waitUntil } from '../wait-until.ts';

const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './member-process.ts' : './member-process.js', import.meta.url),
);

/** How the members of a trial run. */
export interface MemberProcessesOptions {
  /** The servers of the cluster; each process begins at another one. */
  readonly urls: readonly string[];
  readonly names: readonly string[];
  readonly profile: MembershipProfile;
  /** Copies of the log of the control group. */
  readonly replicas: number;
}

/** How a member is lost. */
export type Loss = 'SIGKILL' | 'SIGSTOP' | 'cut';

/** After how many milliseconds the loss of a member was known to the last of the others. */
export interface Knowledge {
  /** It is unreachable, by the evidence of each process itself. */
  readonly seenMs: number;
  /** It is dead, by the view of each process. */
  readonly deadMs: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly links: readonly CuttableLink[];
  /** What this process sees last of each node. */
  readonly seen: Map<string, Sighting>;
  /** What its view says last of each node. */
  readonly listed: Map<string, Listing>;
  /** The node that leads the control, as this process knows; empty for none. */
  leader: string;
}

/** Real processes that are members of one cluster and control it, and what each of them knows of the others. */
export class MemberProcesses {
  readonly #options: MemberProcessesOptions;
  readonly #running = new Map<string, Running>();
  /** Every time that a process called another one unreachable, or dead, that this class had not ended. */
  readonly falseDeaths: string[] = [];
  /** Sightings of a blocked main loop. */
  stallsSeen = 0;
  /** Processes whose loss is expected, until all see each other again. */
  readonly #ended = new Set<string>();

  constructor(options: MemberProcessesOptions) {
    this.#options = options;
  }

  /** Starts all members, and waits until they see each other and have a leader. */
  static async start(options: MemberProcessesOptions): Promise<MemberProcesses> {
    const members = new MemberProcesses(options);
    await Promise.all(options.names.map((name) => members.startProcess(name)));
    await members.converge(60_000);
    return members;
  }

  async startProcess(name: string): Promise<void> {
    const { urls, names, profile, replicas } = this.#options;
    const first = names.indexOf(name) % urls.length;
    const ordered = [...urls.slice(first), ...urls.slice(0, first)];
    const links = await Promise.all(ordered.map(openCuttableLink));
    const near = links.map(({ url }) => url).join(',');
    const child = spawn(process.execPath, [script, near, name, profile, names.join(','), String(replicas)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const running: Running = { child, links, seen: new Map(), listed: new Map(), leader: '' };
    this.#running.set(name, running);
    const ready = Promise.withResolvers<void>();
    child.once('exit', (code) => ready.reject(new Error(`the process ${name} ended with ${code}`)));
    // A process that ends has closed its input.
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') return ready.resolve();
      this.#note(name, running, JSON.parse(line) as MemberReport);
    });
    await ready.promise;
  }

  /** Waits until every process sees every other one alive, lists it as up, and knows the same leader. */
  async converge(timeoutMs = 30_000): Promise<void> {
    const isWhole = () =>
      this.#leaderOf(this.#names) !== undefined &&
      this.#names.every((name) => this.#isSeen(name, 'alive') && this.#isListed(name, 'up'));
    await waitUntil('all see each other, and one leads', isWhole, timeoutMs);
    this.#ended.clear();
  }

  /** The node that leads the control, where all processes that are not lost agree. */
  leader(): string | undefined {
    return this.#leaderOf(this.#others());
  }

  /** Loses the member, and waits until each of the others knows it. */
  async lose(name: string, how: Loss, timeoutMs = 60_000): Promise<Knowledge> {
    const { child, links } = this.#at(name);
    this.#ended.add(name);
    const sinceMs = systemClock.wallNow();
    if (how === 'cut') for (const link of links) link.cut();
    else child.kill(how);
    const isKnown = () => this.#isSeen(name, 'unreachable') && this.#isListed(name, 'dead');
    await waitUntil(`all know of the loss of ${name}`, isKnown, timeoutMs);
    const known = this.#others().map((by) => this.#at(by));
    const latest = (of: readonly (number | undefined)[]) =>
      Math.max(...of.map((atMs) => (atMs ?? Infinity) - sinceMs));
    return {
      seenMs: latest(known.map(({ seen }) => seen.get(name)?.atMs)),
      deadMs: latest(known.map(({ listed }) => listed.get(name)?.atMs)),
    };
  }

  /** Ends a lost member, and starts it again as a new incarnation. */
  async replace(name: string): Promise<void> {
    const { child, links } = this.#at(name);
    child.kill('SIGKILL');
    await Promise.all(links.map((link) => link.close()));
    this.#running.delete(name);
    // What they saw of the last process.
    for (const { seen, listed } of this.#running.values()) {
      seen.delete(name);
      listed.delete(name);
    }
    await this.startProcess(name);
    await this.converge(60_000);
  }

  /** Blocks the main loop of a process. */
  stall(name: string, ms: number): void {
    this.#at(name).child.stdin?.write(`stall ${ms}\n`);
  }

  async dispose(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.flatMap(({ links }) => links.map((link) => link.close())));
  }

  get #names(): readonly string[] {
    return [...this.#running.keys()];
  }

  #leaderOf(names: readonly string[]): string | undefined {
    const known = new Set(names.map((name) => this.#at(name).leader));
    const [leader] = known;
    return known.size === 1 && leader !== '' ? leader : undefined;
  }

  /** All but those whose loss is expected. */
  #others(): readonly string[] {
    return this.#names.filter((name) => !this.#ended.has(name));
  }

  #isSeen(name: string, state: string): boolean {
    return this.#judges(name).every((by) => this.#at(by).seen.get(name)?.state === state);
  }

  #isListed(name: string, state: string): boolean {
    return this.#judges(name).every((by) => this.#at(by).listed.get(name)?.state === state);
  }

  #judges(name: string): readonly string[] {
    return this.#names.filter((by) => by !== name);
  }

  #note(by: string, running: Running, line: MemberReport): void {
    if (line.kind === 'led') {
      running.leader = line.by;
      return;
    }
    const isExpected = this.#ended.has(line.node) || this.#ended.has(by);
    const isDeath = line.state === 'unreachable' || line.state === 'dead';
    if (isDeath && !isExpected) this.falseDeaths.push(`${by}: ${line.node} ${line.state}`);
    if (line.kind === 'listed') return void running.listed.set(line.node, line);
    if (line.isStalled && line.state === 'alive') this.stallsSeen += 1;
    // Since when it is in that state, whatever else changes.
    const known = running.seen.get(line.node);
    const atMs = known?.state === line.state ? known.atMs : line.atMs;
    return void running.seen.set(line.node, { ...line, atMs });
  }

  #at(name: string): Running {
    return this.#running.get(name) as Running;
  }
}
