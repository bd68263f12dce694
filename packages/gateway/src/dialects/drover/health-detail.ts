import type { AuditStatus } from '../../audit/audit-chain.ts';
import type { GatewayServices } from '../../services.ts';
import { groupStatuses } from './cluster-report.ts';

/** One thing that the gateway needs, and the last proof that it works. */
export interface DependencyHealth {
  readonly name: 'nats' | 'control leader' | 'hosts' | 'memory' | 'store';
  readonly ok: boolean;
  readonly detail: string;
  /** Age of the last proof; null before the first. */
  readonly provedAgoMs: number | null;
}

export interface HealthFacts {
  readonly isConnected: boolean;
  /** Ages of what was heard of other nodes, by their state. */
  readonly heardMs: readonly number[];
  readonly control: { readonly state: string; readonly leader?: string; readonly evidenceAgeMs?: number };
  readonly instances: readonly { readonly isUsable: boolean; readonly ageMs: number }[];
  /** Infinity before the memory was open. */
  readonly memoryLagMs: number;
  readonly store:
    | { readonly code: string; readonly message: string; readonly evidenceAgeMs: number }
    | undefined;
  /** The audit chain of this gateway, whose records prove the store; undefined where it records nothing. */
  readonly audit: Pick<AuditStatus, 'storedAgoMs' | 'failing'> | undefined;
}

/** Largest age of the newest change that this gateway has not seen, in a memory that keeps up. */
const maxMemoryLagMs = 30_000;
/** A store that takes no record for longer is a fault. */
const patienceMs = 5_000;

/** Decides the health of each dependency. Pure. */
export function decideHealth(facts: HealthFacts): readonly DependencyHealth[] {
  return [nats(facts), control(facts), hosts(facts), memory(facts), store(facts)];
}

function nats({ isConnected, heardMs }: HealthFacts): DependencyHealth {
  const detail = isConnected ? 'connected' : 'not connected';
  return { name: 'nats', ok: isConnected, detail, provedAgoMs: youngest(heardMs) };
}

function control({ control: { state, leader, evidenceAgeMs } }: HealthFacts): DependencyHealth {
  const detail = leader === undefined ? 'no leader is known' : `${leader} leads (${state})`;
  return { name: 'control leader', ok: state === 'led', detail, provedAgoMs: evidenceAgeMs ?? null };
}

function hosts({ instances }: HealthFacts): DependencyHealth {
  const usable = instances.filter(({ isUsable }) => isUsable);
  return {
    name: 'hosts',
    ok: usable.length > 0,
    detail: `${usable.length} of ${instances.length} Ollamas are ready`,
    provedAgoMs: youngest((usable.length > 0 ? usable : instances).map(({ ageMs }) => ageMs)),
  };
}

function memory({ memoryLagMs }: HealthFacts): DependencyHealth {
  const isOpen = Number.isFinite(memoryLagMs);
  return {
    name: 'memory',
    ok: isOpen && memoryLagMs <= maxMemoryLagMs,
    detail: isOpen ? `${Math.round(memoryLagMs)} ms behind` : 'not open yet',
    provedAgoMs: isOpen ? Math.round(memoryLagMs) : null,
  };
}

/** The leader of the agents tells its faults, and each record of the audit proves it. */
function store({ store: trouble, audit }: HealthFacts): DependencyHealth {
  const provedAgoMs = audit?.storedAgoMs ?? null;
  if (trouble !== undefined)
    return { name: 'store', ok: false, detail: `${trouble.code}: ${trouble.message}`, provedAgoMs };
  const { failing } = audit ?? {};
  if (failing !== undefined && failing.forMs > patienceMs) {
    const detail = `it has taken no audit record for ${Math.round(failing.forMs / 1_000)} s: ${failing.reason}`;
    return { name: 'store', ok: false, detail, provedAgoMs };
  }
  return { name: 'store', ok: true, detail: 'no fault is known', provedAgoMs };
}

function youngest(agesMs: readonly number[]): number | null {
  return agesMs.length === 0 ? null : Math.round(Math.min(...agesMs));
}

export function healthFacts({
  node,
  fleet,
  memory: replicated,
  leaders,
  agents,
  audit,
}: GatewayServices): HealthFacts {
  const [controlGroup] = groupStatuses(node.view.controlLeader(), leaders.all());
  return {
    isConnected: node.transport.connected,
    heardMs: node.presence
      .members()
      .filter((member) => member.node !== node.nodeId)
      .map(({ ageMs }) => ageMs),
    control: controlGroup,
    instances: fleet.load
      .instances()
      .map(({ alive, load, ageMs }) => ({ isUsable: alive && load.state === 'ready', ageMs })),
    memoryLagMs: replicated.stats.lagMs,
    store: agents.storeTrouble(),
    audit: audit?.status,
  };
}
