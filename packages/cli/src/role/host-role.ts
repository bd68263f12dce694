import { publishStoreReports, startControl, startMemory, startQueues } from '@drover/actor-core/cluster';
import { agentsGroup, startAgentHost } from '@drover/agents';
import {
  createFleetClient,
  publishClusterEvents,
  publishDataEvents,
  publishJournalEvents,
  publishRemedyEvents,
  recordEvents,
  serveAdminJobs,
  startEventPublisher,
  startPrincipalSigner,
} from '@drover/fleet';
import {
  keepKeptBucket,
  keepKeysBucket,
  keepQuotaLog,
  keepUsageBucket,
  openUsageLedger,
} from '@drover/gateway/keys';
import { type AuditRetention, keepAuditLog } from '@drover/gateway/audit';
import type { ExitCode } from '../errors.ts';
import type { PackageConfigs } from '../settings/package-configs.ts';
import { type RoleOptions, runRole } from './run-role.ts';

/** Whom tasks without a principal are counted on. */
const cluster = { keyId: '', tenant: 'default' };

/**
 * Runs agents, creates the buckets of the replicated memory, of the keys and of the usage, the log of the quotas and
 * the streams of the queues and of the audit records, and may lead the cluster and the agents.
 */
export function runHost(
  options: RoleOptions,
  configs: PackageConfigs,
  retention: AuditRetention,
): Promise<ExitCode> {
  return runRole(options, async (node) => {
    const events = startEventPublisher(node);
    const stopRecording = recordEvents(node);
    const stopSources = [
      publishRemedyEvents(node, events),
      publishJournalEvents(node, events),
      publishClusterEvents(node, events),
    ];
    const control = startControl(node);
    const keeps = [
      ...[keepKeysBucket, keepKeptBucket, keepQuotaLog, keepUsageBucket].map((keep) => keep(node)),
      keepAuditLog(node, retention),
    ];
    const signer = startPrincipalSigner(node);
    const fleet = createFleetClient(node, { config: configs.fleet, signer });
    const memory = startMemory(node, configs.memory);
    const queues = startQueues(node);
    stopSources.push(publishDataEvents(node, { memory, queues }, events));
    const stopAdminJobs = serveAdminJobs(node, events, signer);
    const usage = openUsageLedger(node);
    const host = await startAgentHost(node, fleet, configs.agents, {
      events,
      onCall: ({ principal: { keyId, tenant } = cluster, agent, model, ...used }) =>
        usage.add(
          { keyId, tenant, model, agent },
          {
            requests: 1,
            promptTokens: used.promptTokens,
            outputTokens: used.completionTokens,
            workMs: used.workMs,
            queuedMs: 0,
          },
        ),
    });
    const stopReports = publishStoreReports(node, {
      memory,
      plan: { groups: [agentsGroup] },
      replicas: options.replicas ?? 1,
    });
    return {
      reconfigure: (packages) => {
        fleet.reconfigure(packages['fleet'] ?? {});
        host.reconfigure(packages['agents'] ?? {});
      },
      transferLeads: async () => {
        await Promise.all([control.stop(), host.resign()]);
      },
      migrateEntities: () => host.drain(),
      stop: async () => {
        stopReports();
        for (const end of keeps) end();
        stopAdminJobs();
        await host.stop();
        await usage.close();
        memory.close();
        queues.close();
        await fleet.stop();
        signer.stop();
        for (const stopSource of stopSources) stopSource();
        await Promise.all([events.close(), stopRecording()]);
      },
    };
  });
}
