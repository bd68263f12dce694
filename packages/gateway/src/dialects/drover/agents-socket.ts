import type { AgentView } from '@drover/agents';
import type { EventReader } from '@drover/fleet';
import type { GatewayServices } from '../../services.ts';
import { type SocketQuery, typesOf } from './agents-socket-query.ts';
import { EventReading } from './event-reading.ts';
import type { SocketChannel } from './socket-channel.ts';

/** Time between two messages with figures. */
const metricsMs = 5_000;

export interface SocketCaller {
  readonly tenant: string;
  readonly reader: EventReader;
}

/**
 * Sends a snapshot of the agents of the tenant, then what happens, in order. With `after` there is no snapshot, unless
 * events after that sequence were removed.
 */
export async function serveAgentsSocket(
  services: GatewayServices,
  channel: SocketChannel,
  { topics, after }: SocketQuery,
  { tenant, reader }: SocketCaller,
): Promise<void> {
  const { eventFeed: feed, node } = services;
  // Before the list is asked for: what happens meanwhile follows as an event.
  const begin = after ?? feed.newest;
  const snapshot = async (sequence: number): Promise<void> => {
    const agents = topics.has('agents') ? { agents: await listAgents(services, tenant) } : {};
    await channel.send({ type: 'snapshot', sequence, ...agents });
  };
  if (after === undefined) await snapshot(begin);
  const filter = { types: typesOf(topics), targets: [] };
  const query = { filter, follows: true };
  const reading = new EventReading({ feed, clock: node.clock, after: begin, query, reader });
  const stopMetrics = topics.has('metrics') ? sendMetrics(services, channel, tenant, reader) : () => {};
  void channel.closed.then(() => reading.end());
  try {
    for await (const { events, lostUpTo } of reading) {
      if (lostUpTo !== undefined) {
        await channel.send({ type: 'events-lost', upTo: lostUpTo });
        await snapshot(lostUpTo);
      }
      for (const event of events) {
        const { sequence, ...rest } = event;
        await channel.send({ type: 'event', ...(sequence !== undefined && { sequence }), event: rest });
      }
      if (!channel.isOpen) break;
    }
  } finally {
    stopMetrics();
    reading.end();
  }
}

/** The cluster may have no leader at present: the client is told so, and the events go on. */
async function listAgents({ agents }: GatewayServices, tenant: string): Promise<readonly AgentView[] | null> {
  return agents
    .forTenant(tenant)
    .list()
    .catch(() => null);
}

function sendMetrics(
  services: GatewayServices,
  channel: SocketChannel,
  tenant: string,
  { seesCluster }: EventReader,
): () => void {
  const { node, fleet } = services;
  let timer: { cancel(): void } | undefined;
  const tell = async (): Promise<void> => {
    const agents = await listAgents(services, tenant);
    const byStatus: Record<string, number> = {};
    for (const { status } of agents ?? []) byStatus[status] = (byStatus[status] ?? 0) + 1;
    const hosts = seesCluster ? { hosts: fleet.load.instances().map(hostFigures) } : {};
    await channel.send({ type: 'metrics', agents: agents === null ? null : byStatus, ...hosts });
    if (channel.isOpen) timer = node.clock.setTimer(metricsMs, () => void tell());
  };
  void tell();
  return () => timer?.cancel();
}

function hostFigures({
  node,
  load,
}: ReturnType<GatewayServices['fleet']['load']['instances']>[number]): object {
  const { name, slots, busy, queued } = load;
  return { node, instance: name, slots, busy, queued };
}
