import { type Fence, takeFence } from '../../../fence/fence.ts';
import { FencedWriter } from '../../../fence/fenced-writer.ts';
import type { LogSpec } from '../../../storage/log/log-spec.ts';
import {
  chance,
  type HistoryClient,
  type HistoryPart,
  requireUnavailable,
  type Tally,
  untilDone,
} from './client.ts';

const log = 'HISTORY_FENCES';
const lead = 'history.fences.lead';
const spec: LogSpec = { name: log, subjects: ['history.fences.>'], historyPerSubject: 0, replicas: 3 };
const takeShare = 0.1;

interface Holder {
  readonly writer: FencedWriter;
  fence: Fence | undefined;
}

interface Entry {
  readonly isLead: boolean;
  readonly sequence: number;
  readonly id: number;
  readonly fence: number;
}

/** A lock as a fence: no write is accepted under an older fence after a newer one was taken. */
export class FenceHistory implements HistoryPart {
  readonly #tally: Tally;
  readonly #holders = new Map<HistoryClient, Holder>();
  readonly #written = new Map<number, number>();
  readonly #refused = new Set<number>();
  #spoilt: ((entries: Entry[]) => Entry[]) | undefined = undefined;
  #writes = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  async prepare({ storage }: HistoryClient): Promise<void> {
    await untilDone(() => storage.log.ensure(spec));
  }

  async act(client: HistoryClient): Promise<void> {
    const holder = this.#holderOf(client);
    try {
      if (holder.fence === undefined || chance() < takeShare) await this.#take(client, holder);
      else await this.#write(holder, holder.fence);
    } catch (error) {
      requireUnavailable(error);
      this.#tally.add('fenced operations of unknown outcome');
    }
  }

  async check(client: HistoryClient): Promise<readonly string[]> {
    const entries = await this.#entries(client);
    const wrong: string[] = [];
    const seen = new Map<number, number>();
    let newest = 0;
    for (const { isLead, sequence, id, fence } of this.#spoilt?.(entries) ?? entries) {
      if (isLead) newest = sequence;
      else {
        if (fence !== newest) wrong.push(`write ${id} under fence ${fence} was accepted under ${newest}`);
        if (seen.has(id)) wrong.push(`write ${id} was accepted twice`);
        if (this.#refused.has(id)) wrong.push(`write ${id} was reported as refused and is accepted`);
        seen.set(id, sequence);
      }
    }
    for (const [id, sequence] of this.#written)
      if (seen.get(id) !== sequence)
        wrong.push(`write ${id} was reported at ${sequence} and is at ${seen.get(id)}`);
    return wrong;
  }

  /** A write under an older fence stands after a newer one. */
  spoil(): string {
    this.#spoilt = (entries) => {
      const old = entries.find(({ isLead }) => !isLead);
      const lastLead = entries.findLastIndex(({ isLead }) => isLead);
      if (old === undefined) return entries;
      return [
        ...entries.filter((entry) => entry !== old).slice(0, lastLead),
        { ...old },
        ...entries.slice(lastLead + 1),
      ];
    };
    return 'a write stands after the fence that replaced its own';
  }

  #holderOf(client: HistoryClient): Holder {
    const { log: logs, writer } = client.storage;
    const known = this.#holders.get(client) ?? {
      writer: new FencedWriter({ log: logs, writer }),
      fence: undefined,
    };
    this.#holders.set(client, known);
    return known;
  }

  async #take({ storage }: HistoryClient, holder: Holder): Promise<void> {
    const after = (await storage.log.readLast(log, lead))?.sequence ?? 0;
    const record = { subject: lead, payload: new Uint8Array(0) };
    const taken = await takeFence(storage.writer, { log, after, record });
    holder.fence = taken.kind === 'taken' ? taken.fence : undefined;
    this.#tally.add(taken.kind === 'taken' ? 'fences taken' : 'fences that another took first');
  }

  async #write(holder: Holder, fence: Fence): Promise<void> {
    const id = ++this.#writes;
    const payload = new TextEncoder().encode(JSON.stringify({ id, fence: fence.sequence }));
    const outcome = await holder.writer.write(fence, { subject: `history.fences.w${id % 8}`, payload });
    if (outcome.kind === 'written') {
      this.#written.set(id, outcome.sequence);
      this.#tally.add('fenced writes');
      return;
    }
    this.#refused.add(id);
    if (holder.fence === fence) holder.fence = undefined;
    this.#tally.add('stale writes refused');
  }

  async #entries({ storage }: HistoryClient): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (let from = 1; ; ) {
      const page = await untilDone(() => storage.log.readForward(log, { from, limit: 1_000 }));
      for (const { subject, sequence, payload } of page.records) {
        const isLead = subject === lead;
        const text = isLead ? '{}' : new TextDecoder().decode(payload);
        const { id = 0, fence = 0 } = JSON.parse(text) as Partial<Entry>;
        entries.push({ isLead, sequence, id, fence });
      }
      if (page.isEnd) return entries;
      from = page.next;
    }
  }
}
