import { printable } from './figures.ts';

/** What `GET /api/v1/status` answers, as far as it is shown. */
export interface StatusReport {
  readonly nodes: readonly NodeStatus[];
  /** Why the leader's records are not kept; absent while nothing is known to be wrong. */
  readonly store?: { readonly code: string; readonly message: string; readonly evidenceAgeMs: number };
}

export interface NodeStatus {
  readonly id: string;
  readonly role: string;
  readonly pid: number;
  readonly state: string;
  readonly incarnation: number;
  readonly evidenceAgeMs: number;
  readonly evidenceSource: string;
  /** Another process under the same id, in an older incarnation. */
  readonly rival?: { readonly pid: number; readonly ageMs: number };
  readonly models?: readonly ModelStatus[];
  /** The Ollama servers behind a node-agent. */
  readonly instances?: readonly InstanceStatus[];
}

interface InstanceStatus {
  readonly name?: string;
  readonly state: string;
  /** Reason why the instance is not ready. */
  readonly reason?: string;
  /** Models that the instance refuses although it answers probes. */
  readonly refusals?: readonly RefusalStatus[];
}

export interface RefusalStatus {
  /** Absent where every model is refused. */
  readonly model?: string;
  readonly reason: string;
  readonly inRow: number;
  readonly ageMs: number;
}

export interface ModelStatus {
  readonly name: string;
  /** Content of the copies behind this name on the node. */
  readonly digests?: readonly string[];
  readonly loaded: boolean;
  readonly slots: number;
  readonly busy: number;
  readonly queued: number;
}

/** One line for each node; the ages are of the evidence, so that nobody takes it for certainty. */
export function statusTable(report: StatusReport): string[][] {
  const rows = report.nodes.map((node) => [
    node.id,
    node.role,
    stateText(node),
    String(node.pid),
    `${(node.evidenceAgeMs / 1000).toFixed(1)}s ${node.evidenceSource}`,
    [...troubles(node), modelsText(node.models ?? [])].filter((part) => part !== '').join('; '),
  ]);
  return [['NODE', 'ROLE', 'STATE', 'PID', 'EVIDENCE', 'MODELS'], ...rows];
}

/** The node's state and, where its process lives but an Ollama behind it does not serve, what is wrong with that. */
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

/** What is wrong with a node's Ollama servers, and with its name, in words. */
function troubles({ instances = [], rival }: NodeStatus): string[] {
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

/** Loaded models with what is in and before them, then how many more there are. */
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

/** The states without the figures: changes only when something a person cares about does. */
export function statusSummary(report: StatusReport): string {
  return report.nodes
    .map((node) => {
      const loaded = (node.models ?? []).filter((model) => model.loaded).map((model) => model.name);
      return `${node.id} ${stateText(node)}${loaded.length > 0 ? ` (${loaded.join(', ')})` : ''}`;
    })
    .concat(report.store === undefined ? [] : [`STORE ${report.store.code}`])
    .join(' · ');
}

/** Columns padded to their widest cell, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
