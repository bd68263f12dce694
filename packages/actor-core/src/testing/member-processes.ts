import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../clock/system-clock.ts';
import type { MembershipProfile } from '../membership/swim/swim-config.ts';
import { type CuttableLink, openCuttableLink } from './cuttable-link.ts';
import type { Sighting } from './member-process.ts';
import { waitUntil } from './wait-until.ts';

const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './member-process.ts' : './member-process.js', import.meta.url),
);

interface Running {
  readonly child: ChildProcess;
  readonly link: CuttableLink;
  /** What this process sees last of each node. */
  readonly seen: Map<string, Sighting>;
}

/** Real processes that are members of one cluster, and what each of them sees of the others. */
export class MemberProcesses {
  readonly #url: string;
  readonly #profile: MembershipProfile;
  readonly #running = new Map<string, Running>();
  /** Every time that a process called another one unreachable that this class had not ended. */
  readonly falseDeaths: string[] = [];
  /** Sightings of a blocked main loop. */
  stallsSeen = 0;
  /** Processes whose loss is expected, until all see each other again. */
  readonly #ended = new Set<string>();

  constructor(url: string, profile: MembershipProfile) {
    this.#url = url;
    this.#profile = profile;
  }

  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  async start(name: string): Promise<void> {
    const link = await openCuttableLink(this.#url);
    const child = spawn(process.execPath, [script, link.url, name, this.#profile], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const running: Running = { child, link, seen: new Map() };
    this.#running.set(name, running);
    this.#ended.delete(name);
    const ready = Promise.withResolvers<void>();
    child.once('exit', (code) => ready.reject(new Error(`the process ${name} ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (line === 'ready') return ready.resolve();
      this.#note(name, running, JSON.parse(line) as Sighting);
    });
    await ready.promise;
  }

  /** Waits until every process sees every other one alive. */
  async converge(timeoutMs = 30_000): Promise<void> {
    await waitUntil(
      'all see each other',
      () => this.names.every((name) => this.#isSeen(name, 'alive')),
      timeoutMs,
    );
    this.#ended.clear();
  }

  /**
   * Sends the signal, or cuts the link of the process, and returns after how many milliseconds each of the others
   * called it unreachable, sorted.
   */
  async lose(name: string, how: 'SIGKILL' | 'SIGSTOP' | 'cut', timeoutMs = 30_000): Promise<number[]> {
    const { child, link } = this.#at(name);
    this.#ended.add(name);
    const sinceMs = systemClock.wallNow();
    if (how === 'cut') link.cut();
    else child.kill(how);
    await waitUntil(`all miss ${name}`, () => this.#isSeen(name, 'unreachable'), timeoutMs);
    const others = this.names.filter((other) => other !== name);
    return others
      .map((other) => (this.#at(other).seen.get(name)?.atMs ?? 0) - sinceMs)
      .toSorted((a, b) => a - b);
  }

  /** Ends a stop signal or a cut. */
  resume(name: string): void {
    const { child, link } = this.#at(name);
    child.kill('SIGCONT');
    link.heal();
  }

  /** Forgets a process that was killed. */
  forget(name: string): void {
    void this.#running.get(name)?.link.close();
    this.#running.delete(name);
    for (const { seen } of this.#running.values()) seen.delete(name);
  }

  /** Blocks the main loop of a process. */
  stall(name: string, ms: number): void {
    this.#at(name).child.stdin?.write(`stall ${ms}\n`);
  }

  async dispose(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ link }) => link.close()));
  }

  #isSeen(name: string, state: string): boolean {
    return this.names.every((by) => by === name || this.#at(by).seen.get(name)?.state === state);
  }

  #note(by: string, { seen }: Running, sighting: Sighting): void {
    seen.set(sighting.node, sighting);
    if (sighting.isStalled && sighting.state === 'alive') this.stallsSeen += 1;
    if (sighting.state === 'unreachable' && !this.#ended.has(sighting.node) && !this.#ended.has(by))
      this.falseDeaths.push(`${by}: ${sighting.node}`);
  }

  #at(name: string): Running {
    return this.#running.get(name) as Running;
  }
}
