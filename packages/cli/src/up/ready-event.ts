import { callableHost } from '../network/open-address.ts';
import { shownUrl } from '../ollama/ollama-address.ts';
import type { SupervisedProcess } from '../process/supervised-process.ts';
import type { Bus } from './bus.ts';
import type { ReadyEvent, ReadyProcess } from './reporter.ts';
import type { OllamaHost } from './start-hosts.ts';

export interface ReadyFacts {
  readonly url: string;
  /** Where gRPC is served, too. */
  readonly grpcPort: number | undefined;
  readonly host: string;
  readonly dataDir: string;
  readonly bus: Bus;
  readonly processes: readonly SupervisedProcess[];
  /** In the order of the node-agents. */
  readonly hosts: readonly OllamaHost[];
}

/** The event that lists the processes of the cluster with their addresses. */
export function readyEvent(facts: ReadyFacts): ReadyEvent {
  const { url, grpcPort, host, dataDir, bus, processes, hosts } = facts;
  return {
    event: 'ready',
    url,
    ...(grpcPort !== undefined && { grpcUrl: `${callableHost(host)}:${grpcPort}` }),
    pid: process.pid,
    nats: natsOf(bus, processes),
    processes: processes.filter(({ role }) => role !== 'nats').map((one) => describe(one, hosts)),
    simulated: hosts.some(({ simulated }) => simulated),
    dataDir,
  };
}

function natsOf({ url, version }: Bus, processes: readonly SupervisedProcess[]): ReadyEvent['nats'] {
  const own = processes.filter(({ role }) => role === 'nats');
  const [first] = own;
  if (first === undefined) return { url, version };
  const servers = own.length === 1 ? {} : { servers: own.map(({ id, pid }) => ({ id, pid })) };
  return { url, pid: first.pid, version, ...servers };
}

function describe({ id, role, pid, report }: SupervisedProcess, hosts: readonly OllamaHost[]): ReadyProcess {
  if (role === 'ollama-sim') return { id, role, pid, ollamaUrl: report.url ?? '', simulated: true };
  if (role !== 'node-agent') return { id, role, pid };
  const host = hosts[Number(id.replace('agent-', '')) - 1];
  return host === undefined
    ? { id, role, pid }
    : { id, role, pid, ollamaUrl: shownUrl(host.url), simulated: host.simulated };
}
