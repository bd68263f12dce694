import { startCount } from './count-stream.ts';

/** What the clients of one gateway saw. */
export interface GatewayLoad {
  requests: number;
  tasks: number;
  /** Nodes that served requests, with how many. */
  readonly servedBy: Map<string, number>;
  /** Hosts that ran tasks, with how many. */
  readonly ranOn: Map<string, number>;
  /** Requests and tasks that did not end as they should, with what was seen. */
  readonly failures: string[];
}

const upTo = 12;
const countingClients = 3;
const agentsPerGateway = 4;

interface Agent {
  readonly id: string;
}

/**
 * Clients of every gateway for so long: counting streams in two dialects, and tasks of agents that were spawned through
 * this gateway. Each answer is checked; nothing is tried again.
 */
export async function loadGateways(
  urls: readonly string[],
  forMs: number,
): Promise<ReadonlyMap<string, GatewayLoad>> {
  const untilMs = performance.now() + forMs;
  const loads = new Map<string, GatewayLoad>();
  for (const url of urls)
    loads.set(url, { requests: 0, tasks: 0, servedBy: new Map(), ranOn: new Map(), failures: [] });
  await Promise.all([...loads].map(([url, load]) => loadOne(url, load, untilMs)));
  return loads;
}

async function loadOne(url: string, load: GatewayLoad, untilMs: number): Promise<void> {
  const agents = await Promise.all(Array.from({ length: agentsPerGateway }, () => spawnAgent(url)));
  await Promise.all([
    ...Array.from({ length: countingClients }, (_, at) =>
      countAgain(url, load, untilMs, at % 2 === 0 ? 'ollama' : 'openai'),
    ),
    ...agents.map((agent) => taskAgain(url, load, untilMs, agent)),
  ]);
}

async function countAgain(
  url: string,
  load: GatewayLoad,
  untilMs: number,
  dialect: 'ollama' | 'openai',
): Promise<void> {
  while (performance.now() < untilMs) {
    const { ending, contiguous, status, detail, node } = await startCount(url, { upTo, dialect }).outcome;
    load.requests += 1;
    add(load.servedBy, node);
    if (ending !== 'complete' || !contiguous) load.failures.push(`${dialect} ${status} ${ending}: ${detail}`);
  }
}

async function taskAgain(url: string, load: GatewayLoad, untilMs: number, { id }: Agent): Promise<void> {
  while (performance.now() < untilMs) {
    const response = await fetch(`${url}/api/v1/agents/${id}/task`, {
      method: 'POST',
      body: JSON.stringify({ input: 'x', mode: 'sync' }),
    });
    const answer = (await response.json()) as { status?: string; output?: string; node?: string };
    load.tasks += 1;
    add(load.ranOn, answer.node ?? '');
    if (response.status !== 200 || answer.status !== 'completed' || answer.output !== '1 2 3 4')
      load.failures.push(`task ${response.status}: ${JSON.stringify(answer)}`);
  }
}

async function spawnAgent(url: string): Promise<Agent> {
  const response = await fetch(`${url}/api/v1/agents/spawn`, {
    method: 'POST',
    body: JSON.stringify({ type: 'assistant', model: 'sim-count', options: { num_predict: 4 } }),
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`spawn answered ${response.status}: ${answer}`);
  return JSON.parse(answer) as Agent;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
