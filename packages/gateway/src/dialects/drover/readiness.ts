import type { InstanceEvidence } from '@drover/fleet';

export interface Readiness {
  readonly ready: boolean;
  /** Why the gateway is not ready, one sentence each; empty if it is ready. */
  readonly reasons: readonly string[];
}

/** Decides whether the gateway can serve a request now. Pure. */
export function decideReadiness(facts: {
  readonly draining: boolean;
  readonly busConnected: boolean;
  /** Whether this gateway knows which keys there are. @default true */
  readonly keysKnown?: boolean;
  /** Whether this gateway can record acts, or has waited for its audit chain long enough. @default true */
  readonly auditSettled?: boolean;
  /** Whether this gateway has heard a control leader. */
  readonly leaderKnown: boolean;
  /** Whether any node-agent has sent a load report. */
  readonly hasReports: boolean;
  readonly instances: readonly InstanceEvidence[];
}): Readiness {
  const reasons: string[] = [];
  if (facts.draining) reasons.push('the gateway is stopping');
  if (!facts.busConnected) reasons.push('not connected to NATS');
  if (facts.keysKnown === false) reasons.push('the keys of the cluster are not known yet');
  if (facts.auditSettled === false) reasons.push('the audit chain of this gateway is not open yet');
  if (!facts.leaderKnown) reasons.push('no control leader was heard yet: is a host running?');
  if (!facts.instances.some(({ alive, load }) => alive && load.state === 'ready')) {
    reasons.push(noInstanceReason(facts.hasReports, facts.instances));
  }
  return { ready: reasons.length === 0, reasons };
}

function noInstanceReason(hasReports: boolean, instances: readonly InstanceEvidence[]): string {
  if (!hasReports) return 'no node-agent has reported yet';
  if (instances.length === 0) return 'no node-agent is alive';
  const states = instances.map(
    ({ node, alive, load }) =>
      `${node}/${load.name} is ${alive ? `${load.state}${load.reason ? ` (${load.reason})` : ''}` : 'unreachable'}`,
  );
  return `no Ollama is ready: ${states.slice(0, maxStatesShown).join(', ')}`;
}

const maxStatesShown = 8;
