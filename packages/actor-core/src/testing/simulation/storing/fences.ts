import { StoreUnavailableError } from '../../../errors.ts';
import { type Fence, takeFence } from '../../../fence/fence.ts';
import { FencedWriter } from '../../../fence/fenced-writer.ts';
import type { LogSpec } from '../../../storage/log/log-spec.ts';
import type { LogRecord } from '../../../storage/log/log.ts';
import type { TestNode } from '../../test-node.ts';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';

const log = 'SIM_fences';
const lead = 'sim.fences.lead';
const spec: LogSpec = { name: log, subjects: ['sim.fences.>'], historyPerSubject: 4, feed: 'feed.fences' };
const retryMs = 500;
const mostRecords = 3;
const subjects = 4;

/** One node's writer and the fence that it believes to hold. */
interface Holder {
  readonly writer: FencedWriter;
  fence: Fence | undefined;
  isReady: boolean;
}

/** A record of the workload: which write, and under which fence. */
interface Write {
  readonly id: number;
  readonly fence: number;
  readonly losses: number;
}

/**
 * Nodes that take a fence from each other and write under it.
 *
 * - Nothing is accepted under an older fence after a newer one was taken.
 * - A write is accepted once at most; a reported one at the reported sequence, a refused one never.
 * - Only records of a newer fence depose.
 */
export class Fences implements Workload {
  readonly #world: World;
  readonly #holders = new Map<TestNode, Holder>();
  readonly #accepted = new Map<number, number>();
  readonly #refused = new Set<number>();
  #newest = 0;
  #writes = 0;
  #losses = 0;

  constructor(world: World) {
    this.#world = world;
    world.simulation.hub.logs.onAccepted((name, record) => {
      if (name === log) this.#accept(record);
    });
  }

  startNode(node: TestNode): void {
    const writer = new FencedWriter({ log: node.storage.log, writer: node.storage.writer });
    const holder: Holder = { writer, fence: undefined, isReady: false };
    this.#holders.set(node, holder);
    void this.#ensure(node, holder);
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    const holder = node === undefined ? undefined : this.#holders.get(node);
    if (node === undefined || holder === undefined || !holder.isReady) return false;
    if (holder.fence === undefined || world.chance() < 0.2) void this.#take(node, holder);
    else void this.#write(node, holder, holder.fence);
    return true;
  }

  onLoss(): void {
    this.#losses++;
    this.#newest = 0;
    for (const holder of this.#holders.values()) holder.fence = undefined;
  }

  async #ensure(node: TestNode, holder: Holder): Promise<void> {
    holder.isReady = false;
    while (!holder.isReady && this.#world.isAlive(node))
      try {
        await node.storage.log.ensure(spec);
        holder.isReady = true;
      } catch {
        await new Promise<void>((resolve) => node.clock.setTimer(retryMs, resolve));
      }
  }

  async #take(node: TestNode, holder: Holder): Promise<void> {
    const losses = this.#losses;
    await this.#perform(node, holder, async () => {
      const after = (await node.storage.log.readLast(log, lead))?.sequence ?? 0;
      const taken = await takeFence(node.storage.writer, {
        log,
        after,
        record: { subject: lead, payload: empty },
      });
      if (losses !== this.#losses) return;
      if (taken.kind === 'taken') {
        holder.fence = taken.fence;
        this.#world.count('takeovers');
      } else this.#world.count('lostCandidacies');
    });
  }

  async #write(node: TestNode, holder: Holder, fence: Fence): Promise<void> {
    const world = this.#world;
    const losses = this.#losses;
    const writes = Array.from({ length: 1 + Math.floor(world.chance() * mostRecords) }, () => ++this.#writes);
    const records = writes.map((id) => ({
      subject: `sim.fences.w${id % subjects}`,
      payload: encode({ id, fence: fence.sequence, losses }),
    }));
    await this.#perform(node, holder, async () => {
      const outcome = await holder.writer.write(fence, ...records);
      if (losses !== this.#losses || world.hasLostRecords) return;
      if (outcome.kind === 'written') {
        const last = writes.at(-1) ?? 0;
        world.check(
          this.#accepted.get(last) === outcome.sequence,
          `write ${last} was reported at ${outcome.sequence} and is at ${this.#accepted.get(last)}`,
        );
        world.count('fencedWrites');
        return;
      }
      for (const id of writes) {
        this.#refused.add(id);
        world.check(!this.#accepted.has(id), `write ${id} was reported as ${outcome.kind} and is accepted`);
      }
      world.check(
        outcome.kind === 'deposed' && this.#newest > fence.sequence,
        `a write under the newest fence ${fence.sequence} was answered with ${outcome.kind}`,
      );
      world.count('staleWritesRefused');
      if (holder.fence === fence) holder.fence = undefined;
    });
  }

  async #perform(node: TestNode, holder: Holder, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const isKnown = error instanceof StoreUnavailableError;
      this.#world.check(isKnown, `an operation under a fence failed with ${String(error)}`);
      if (isKnown) this.#world.count('unknownOutcomes');
      if (isKnown && error.code === 'store-missing') await this.#ensure(node, holder);
    }
  }

  #accept({ subject, payload, sequence }: LogRecord): void {
    const world = this.#world;
    if (subject === lead) {
      this.#newest = sequence;
      return;
    }
    const { id, fence, losses } = decode(payload);
    if (losses !== this.#losses) return;
    world.check(
      fence === this.#newest,
      `write ${id} under fence ${fence} was accepted when the newest fence was ${this.#newest}`,
    );
    world.check(!this.#accepted.has(id), `write ${id} was accepted twice`);
    world.check(!this.#refused.has(id), `write ${id} was accepted after it was reported as refused`);
    this.#accepted.set(id, sequence);
  }
}

const empty = new Uint8Array(0);

function encode(write: Write): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(write));
}

function decode(payload: Uint8Array): Write {
  return JSON.parse(new TextDecoder().decode(payload)) as Write;
}
