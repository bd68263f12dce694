import type { EventPublisher } from '@drover/fleet';
import type { AgentRecord } from './agent-record.ts';
import type { DirectoryEffect } from './directory-event.ts';
import type { RunRecord } from './run-record.ts';

type Written =
  | { readonly kind: 'agent'; readonly record: AgentRecord }
  | { readonly kind: 'run'; readonly record: RunRecord };

/** Agents and runs of which it is remembered what was told last. */
const maxTold = 20_000;

/** Publishes what happened to agents and runs, once their records are durable. */
export class RecordEvents {
  readonly #events: EventPublisher | undefined;
  /** By the number of the write. */
  readonly #waiting = new Map<number, Written>();
  /** What was told last of each, so that a record that is written again is told once. */
  readonly #told = new Map<string, string>();

  constructor(events: EventPublisher | undefined) {
    this.#events = events;
  }

  /** A record is on its way to the store. */
  noteEffect(effect: DirectoryEffect<unknown>): void {
    if (this.#events === undefined) return;
    if (effect.type === 'write-agent')
      this.#waiting.set(effect.write, { kind: 'agent', record: effect.record });
    else if (effect.type === 'write-run')
      this.#waiting.set(effect.write, { kind: 'run', record: effect.record });
  }

  noteWritten(write: number): void {
    const written = this.#waiting.get(write);
    this.#waiting.delete(write);
    if (written?.kind === 'agent') this.#tellAgent(written.record);
    else if (written !== undefined) this.#tellRun(written.record);
  }

  /** The leadership period is over: drops the events that were not published yet. */
  clear(): void {
    this.#waiting.clear();
    this.#told.clear();
  }

  #tellAgent(record: AgentRecord): void {
    const { id, type, name, model, life, node, incarnation, tenant = 'default' } = record;
    if (record.withdrawn === true || !this.#isNew(id, `${life} ${incarnation} ${node}`)) return;
    const about = { tenant, targets: [`agent/${id}`] };
    const payload = { agent: id, type, name, model };
    if (life === 'stopped') this.#events?.publish('agent.stopped', { ...about, payload });
    else if (node === '') this.#events?.publish('agent.spawned', { ...about, payload });
    else
      this.#events?.publish('agent.placed', {
        tenant,
        targets: [`agent/${id}`, `node/${node}`],
        payload: { ...payload, node, incarnation },
      });
  }

  #tellRun({ runId: run, agentId: agent, outcome, tenant = 'default' }: RunRecord): void {
    if (!this.#isNew(run, outcome?.status ?? 'submitted')) return;
    const about = { tenant, targets: [`run/${run}`, `agent/${agent}`] };
    if (outcome === undefined) this.#events?.publish('run.submitted', { ...about, payload: { run, agent } });
    else {
      const { status } = outcome;
      const code = outcome.status === 'failed' ? { code: outcome.code } : {};
      this.#events?.publish('run.finished', { ...about, payload: { run, agent, status, ...code } });
    }
  }

  #isNew(id: string, state: string): boolean {
    if (this.#told.get(id) === state) return false;
    this.#told.delete(id);
    this.#told.set(id, state);
    const [oldest] = this.#told.keys();
    if (this.#told.size > maxTold && oldest !== undefined) this.#told.delete(oldest);
    return true;
  }
}
