import type { LocalNode } from '@drover/actor-core/cluster';
import { AuditChain, type AuditHead, type AuditStatus } from './audit-chain.ts';
import type { AuditSigner } from './audit-key.ts';
import { type AuditMode, Auditor } from './auditor.ts';
import { type AuditStore, auditStoreOf } from './audit-store.ts';

/** A gateway without a store answers nevertheless, some time after its start. */
const openWaitMs = 10_000;
const closeWaitMs = 2_000;

/** The audit of one gateway: its own chain, and the records of all gateways. */
export class GatewayAudit {
  readonly auditor: Auditor;
  readonly store: AuditStore;
  /** PEM. */
  readonly publicKey: string;
  readonly #chain: AuditChain;
  readonly #startedAtMs: number;
  readonly #node: LocalNode;

  constructor(
    node: LocalNode,
    mode: AuditMode,
    { signer, head }: { readonly signer: AuditSigner; readonly head: AuditHead },
  ) {
    const { clock, log, nodeId, metadata } = node;
    this.#node = node;
    this.#startedAtMs = clock.now();
    this.store = auditStoreOf(node);
    this.publicKey = signer.publicKey;
    this.#chain = new AuditChain({ store: this.store, chain: nodeId, signer, head, clock, log });
    this.auditor = new Auditor(this.#chain, mode, clock);
    this.#chain.append({ kind: 'start', version: metadata.version }, { isUrgent: true });
  }

  get status(): AuditStatus {
    return this.#chain.status;
  }

  /** The newest checkpoint: a line. */
  get head(): string | undefined {
    return this.#chain.head;
  }

  /** Whether acts can be recorded, or have been waited for long enough. */
  get isSettled(): boolean {
    return this.status.isOpen || this.#node.clock.now() - this.#startedAtMs >= openWaitMs;
  }

  /** Writes what waits, for at most two seconds. */
  close(): Promise<void> {
    return this.#chain.close(closeWaitMs);
  }
}
