import type { ClusterNode, MemberEvidence } from '@drover/actor-core/cluster';
import { type InstanceEvidence, instanceKey, type LoadTable } from '../load/load-table.ts';
import type { CallRecord } from './call-record.ts';
import type { SessionInput } from './session-input.ts';

const control = { lane: 'control' } as const;

/** The calls of a client that run now. Passes changes of the bus, the load table and presence on to their sessions. */
export class RunningCalls {
  readonly #records = new Set<CallRecord>();
  /** `servingKeys` at the last change of the load table. */
  #serving = '';

  get size(): number {
    return this.#records.size;
  }

  add(record: CallRecord): void {
    this.#records.add(record);
  }

  delete(record: CallRecord): void {
    this.#records.delete(record);
  }

  all(): readonly CallRecord[] {
    return [...this.#records];
  }

  /** Follows the bus, the load table and presence until the returned function is called. */
  follow({ transport, presence }: Pick<ClusterNode, 'transport' | 'presence'>, load: LoadTable): () => void {
    const unsubscribe = [
      transport.onConnectionChange((connected) => this.#tellAll({ kind: 'bus', connected })),
      load.onChange(() => this.#loadChanged(load.instances())),
      presence.onChange((member) => this.#memberChanged(member)),
    ];
    return () => {
      for (const stop of unsubscribe) stop();
    };
  }

  #tellAll(message: SessionInput): void {
    for (const record of this.#records) tellSession(record, message);
  }

  #loadChanged(instances: readonly InstanceEvidence[]): void {
    const before = this.#serving;
    this.#serving = servingKeys(instances);
    for (const record of this.#records)
      if (record.waiting || (record.queued && this.#serving !== before))
        tellSession(record, { kind: 'load-changed' });
  }

  #memberChanged(member: MemberEvidence): void {
    for (const record of this.#records) {
      const served = record.servedBy;
      if (served === undefined || served.node !== member.node) continue;
      const message = whyGone(member, served.incarnation);
      if (message !== undefined) tellSession(record, { kind: 'host-gone', node: member.node, message });
    }
  }
}

/** Sends a message of this process to the session of a call. Does nothing before the session is started. */
export function tellSession({ session }: CallRecord, message: SessionInput): void {
  session?.tell(message, control);
}

/** Changes when an instance begins or ceases to serve, or lists other models. */
function servingKeys(instances: readonly InstanceEvidence[]): string {
  const ready = instances.filter(({ alive, load }) => alive && load.state === 'ready');
  return ready.map((evidence) => `${instanceKey(evidence)} ${evidence.load.catalogueRevision}`).join();
}

/**
 * Reason why the serving incarnation has ended; undefined while it may still run. If the node is only unreachable, the
 * silence of the stream decides.
 */
function whyGone({ node, state, incarnation }: MemberEvidence, served: number): string | undefined {
  if (incarnation > served) return `${node} was restarted`;
  return state === 'left' ? `${node} left the cluster` : undefined;
}
