import type { NodeStatus, StatusReport } from '../gateway-client/status-report.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';
import { judgeDigests } from './judge-digests.ts';
import { judgeFlapping } from './judge-flapping.ts';
import { judgeView } from './judge-view.ts';
import { judgeRefusals } from './judge-refusals.ts';

/** Age of the last message of a node above which the node counts as silent. */
const freshEvidenceMs = 5_000;
/** Age above which an announcement of a rival is not a fault: a process that was replaced normally ends sooner. */
const rivalFreshMs = 10_000;

/** The checks that need only the status of the cluster. Pure. */
export function judgeNodes(report: StatusReport): Check[] {
  // A node that left the cluster in an orderly stop is not a fault.
  const expected = report.nodes.filter(({ state }) => state !== 'left');
  const agents = report.nodes.filter((node) => isAlive(node, 'node-agent'));
  const serving = agents.filter(({ instances }) => (instances ?? []).some(({ state }) => state === 'ready'));
  return [
    judgeSilence(expected),
    judgeNames(expected),
    judgeFlapping(report.nodes),
    ...judgeView(report),
    judgeHosts(agents),
    judgeModels(serving),
    judgeDigests(serving),
    judgeRefusals(agents),
    report.nodes.some((node) => isAlive(node, 'host'))
      ? good('agents', 'an agent host is alive')
      : bad('agents', 'no agent host is alive, so no agent runs'),
  ];
}

function isAlive({ role, state }: NodeStatus, wanted: string): boolean {
  return state === 'alive' && role.split(',').includes(wanted);
}

function judgeSilence(nodes: readonly NodeStatus[]): Check {
  const stale = nodes.filter(
    ({ state, evidenceAgeMs }) => state === 'unreachable' || evidenceAgeMs > freshEvidenceMs,
  );
  return stale.length === 0
    ? good('nodes', `messages from all ${nodes.length} within ${freshEvidenceMs / 1000} s`)
    : bad('nodes', `silent: ${stale.map(nodeAge).join(', ')}`);
}

function nodeAge({ id, evidenceAgeMs }: NodeStatus): string {
  return `${id} (${(evidenceAgeMs / 1000).toFixed(1)} s)`;
}

function judgeNames(nodes: readonly NodeStatus[]): Check {
  const shared = nodes.filter(({ rival }) => rival !== undefined && rival.ageMs <= rivalFreshMs);
  if (shared.length === 0) return good('names', 'each node id is used by one process');
  const named = shared.map(({ id, pid, rival }) => `${id} is used by pid ${pid} and by pid ${rival?.pid}`);
  return bad('names', printable(`${named.join('; ')}, each on its machine`));
}

/**
 * Every Ollama must be ready: a node-agent with one Ollama down is a fault even if its other Ollama serves requests.
 */
function judgeHosts(agents: readonly NodeStatus[]): Check {
  const instances = agents.flatMap(({ id, instances: own }) => (own ?? []).map((one) => ({ id, ...one })));
  const down = instances.filter(({ state }) => state !== 'ready' && state !== 'draining');
  const unreported = agents.filter(({ instances: own }) => (own ?? []).length === 0).map(({ id }) => id);
  if (agents.length === 0) return bad('hosts', 'no node-agent is alive');
  if (down.length === 0 && unreported.length === 0) return good('hosts', `${instances.length} ready`);
  const faults = [
    ...down.map(
      ({ id, name, state, reason }) =>
        `${name ?? 'an Ollama'} on ${id} is ${state}${reason ? ` (${reason})` : ''}`,
    ),
    ...unreported.map((id) => `${id} has not reported its Ollama`),
  ];
  return bad('hosts', printable(`not ready: ${faults.join('; ')}`));
}

/** Without a ready host the check `hosts` reports the fault. */
function judgeModels(serving: readonly NodeStatus[]): Check {
  const models = new Set(serving.flatMap((node) => (node.models ?? []).map(({ name }) => name)));
  return models.size > 0 || serving.length === 0
    ? good('models', `${models.size} on the ready hosts`)
    : bad('models', 'no ready host has a model');
}
