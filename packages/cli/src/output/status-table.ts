import type { ModelStatus, NodeStatus, StatusReport } from '../gateway-client/status-report.ts';
import { printable } from './figures.ts';

/**
 * One line for each node. EVIDENCE is the age of the last message, because the older the message, the less certain is
 * the state.
 */
export function statusTable(report: StatusReport): string[][] {
  const rows = report.nodes.map((node) => [
    node.id,
    node.role,
    withView(stateText(node), node, report),
    String(node.pid),
    `${(node.evidenceAgeMs / 1000).toFixed(1)}s ${node.evidenceSource}`,
    [...faults(node), modelsText(node.models ?? [])].filter((part) => part !== '').join('; '),
  ]);
  return [['NODE', 'ROLE', 'STATE', 'PID', 'EVIDENCE', 'MODELS'], ...rows];
}

/**
 * State of the node. For a node that is alive, faults are added: an id that two processes share, an Ollama that is down
 * or refuses requests.
 */
export function stateText({
  state,
  instances = [],
  rival,
}: Pick<NodeStatus, 'state' | 'instances' | 'rival'>): string {
  if (state !== 'alive') return state;
  const away = instances.filter((instance) => instance.state !== 'ready');
  const refusing = instances.filter(({ refusals }) => (refusals ?? []).length > 0);
  const of = (count: number): string => (instances.length === 1 ? '' : `${count} of ${instances.length} `);
  const [first] = away;
  const parts = [
    ...(rival === undefined ? [] : ['twin']),
    ...(first === undefined ? [] : [`${of(away.length)}ollama ${first.state}`]),
    ...(refusing.length === 0 ? [] : [`${of(refusing.length)}ollama refuses`]),
  ];
  return [state, ...parts].join(', ');
}

/** The state that the node has for itself, and the state that the view gives it where that is another one. */
function withView(text: string, { id, incarnation }: NodeStatus, { view }: StatusReport): string {
  const member = view?.members.find((one) => one.id === id && one.incarnation === incarnation);
  if (member === undefined || member.state === 'up' || text.startsWith(member.state)) return text;
  return `${text}, ${member.state}`;
}

/** The view and the leader of each group, as one line; empty without a view. */
export function clusterLine({ view, groups = [] }: StatusReport): string[] {
  if (view === undefined) return [];
  const leaders = groups.map(({ name, leader = 'nobody', term, fence, state }) => {
    const facts = [
      ...(term === undefined ? [] : [`term ${term}`]),
      ...(fence === undefined ? [] : [`fence ${fence}`]),
      ...(state === 'led' ? [] : [state]),
    ];
    return `${name} led by ${leader}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
  });
  return [[`view ${view.epoch}`, ...leaders].join('; ')];
}

/** What a confirmed write survives, and how old the memory of the gateway is, as one line; empty for 0.3.0. */
export function storageLine({ durability, memoryLagMs }: StatusReport): string[] {
  const memory = memoryLagMs === null ? 'memory not open yet' : `memory ${figureOf(memoryLagMs ?? 0)} behind`;
  const facts = [
    ...(durability === undefined ? [] : [`durability ${durability}`]),
    ...(memoryLagMs === undefined ? [] : [memory]),
  ];
  return facts.length === 0 ? [] : [facts.join('; ')];
}

function figureOf(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** What is wrong with the control of the cluster, as lines; empty without a fault. */
export function controlFaults({ groups = [] }: StatusReport): string[] {
  return groups
    .filter(({ name, state }) => name === 'control' && state !== 'led')
    .map(({ leader, state }) =>
      state === 'silent'
        ? `CONTROL the leader ${leader ?? ''} is silent: no node is admitted or declared dead`
        : 'CONTROL no leader is known: no node is admitted or declared dead',
    );
}

/** Faults of the Ollama servers of a node and of its id, as text. */
function faults({ instances = [], rival }: NodeStatus): string[] {
  return [
    ...(rival === undefined ? [] : [`pid ${rival.pid} runs under this id too`]),
    ...instances
      .filter(({ state, reason = '' }) => state !== 'ready' && reason !== '')
      .map(({ name, reason }) => printable(`${name ?? 'ollama'}: ${reason}`)),
    ...instances.flatMap(({ name, refusals = [] }) =>
      refusals.slice(0, 1).map(({ reason }) => printable(`${name ?? 'ollama'} ${reason}`)),
    ),
  ];
}

/** Loaded models with their busy slots and queues, then the number of models that are not loaded. */
function modelsText(models: readonly ModelStatus[]): string {
  if (models.length === 0) return '';
  const loaded = models.filter((model) => model.loaded);
  const parts = loaded.map(({ name, busy, slots, queued }) => {
    const waiting = queued > 0 ? ` +${queued} waiting` : '';
    return `${name} ${busy}/${slots}${waiting}`;
  });
  const others = models.length - loaded.length;
  if (others > 0) parts.push(`${others} not loaded`);
  return parts.join(', ');
}

/** States without figures, as one line: changes only with a state or a loaded model. */
export function statusSummary(report: StatusReport): string {
  return report.nodes
    .map((node) => {
      const loaded = (node.models ?? []).filter((model) => model.loaded).map((model) => model.name);
      return `${node.id} ${stateText(node)}${loaded.length > 0 ? ` (${loaded.join(', ')})` : ''}`;
    })
    .concat(report.store === undefined ? [] : [`STORE ${report.store.code}`])
    .join(' · ');
}
