import type { ClusterNode } from '@drover/actor-core/cluster';
import { createAgentsClient } from '@drover/agents';
import { createFleetClient, type PrincipalSigner, startPrincipalSigner } from '@drover/fleet';
import { ListenError, startGateway } from '@drover/gateway';
import { type FollowedKeys, followKeys, keyStoreOf } from '@drover/gateway/keys';
import { openAuditFiles } from '../audit/audit-files.ts';
import { defaults } from '../config.ts';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { readKeysFile } from '../keys/keys-file.ts';
import { mirrorKeys } from '../keys/mirror-keys.ts';
import { requireDoor } from '../keys/open-door.ts';
import { clusterSettings } from '../live-settings/cluster-settings.ts';
import { isLoopbackAddress } from '../network/open-address.ts';
import { exceedsLimit } from '../process/exceeds-limit.ts';
import type { PackageConfigs } from '../settings/package-configs.ts';
import { type RoleOptions, runRole } from './run-role.ts';
import { traceRole } from './trace-role.ts';

/** Time for the store to tell the keys before a gateway decides whether it may listen on an open address. */
const keysWaitMs = 10_000;

/**
 * Runs a gateway: answers HTTP requests for the cluster.
 *
 * @param files the file with the keys of the cluster, which is read at the start and follows every change, and the
 *   folder with the audit key
 */
export function runGateway(
  options: RoleOptions,
  configs: PackageConfigs,
  { keysFile, auditDir }: { readonly keysFile: string | undefined; readonly auditDir: string },
): Promise<ExitCode> {
  return runRole(options, async (node, settings) => {
    const { keys, endMirror } = openKeys(node, keysFile);
    await requireOpenDoor(keys, configs, node);
    const auditFiles =
      configs.gateway.audit === 'off'
        ? undefined
        : openAuditFiles(auditDir, node.nodeId, (err) =>
            node.log.warn({ err, auditDir }, 'the newest checkpoint of the audit chain cannot be kept'),
          );
    const signer = startPrincipalSigner(node);
    const agents = createAgentsClient(node, configs.agents, signer);
    requireSignatures(signer, keys, configs.gateway.oidcIssuer);
    const fleet = createFleetClient(node, { config: configs.fleet, signer });
    const tracer = await traceRole('drover-gateway', node);
    const gateway = await startGateway(node, {
      ...configs.gateway,
      memoryOptions: configs.memory,
      fleet,
      clusterSettings: clusterSettings(settings),
      agents,
      keys,
      tracer,
      ...(auditFiles && { auditFiles }),
    }).catch((error: unknown) => {
      if (error instanceof ListenError) throw cannotListen(error);
      throw error;
    });
    return {
      report: {
        url: gateway.url,
        ...(gateway.grpcAddress !== undefined && { grpcUrl: gateway.grpcAddress }),
      },
      reconfigure: (packages) => {
        gateway.reconfigure(packages['gateway'] ?? {});
        fleet.reconfigure(packages['fleet'] ?? {});
        agents.reconfigure(packages['agents'] ?? {});
      },
      stopIntake: () => gateway.refuseNew(),
      drain: (drainMs) => gateway.stop({ drainTimeoutMs: drainMs }),
      stop: async () => {
        await gateway.stop({ drainTimeoutMs: 0 });
        await fleet.stop();
        signer.stop();
        await agents.close();
        keys.close();
        endMirror();
        await tracer.stop();
      },
    };
  });
}

function openKeys(
  node: ClusterNode,
  file: string | undefined,
): { readonly keys: FollowedKeys; readonly endMirror: () => void } {
  const { clock, log } = node;
  const known = file === undefined ? [] : readKeysFile(file);
  const keys = followKeys({ store: keyStoreOf(node), clock, log, known });
  return { keys, endMirror: file === undefined ? () => undefined : mirrorKeys(keys, file, log) };
}

/** As soon as the cluster has keys or takes tokens, node-agents take signed requests alone. */
function requireSignatures(signer: PrincipalSigner, { ring }: FollowedKeys, issuer = ''): void {
  if (!ring.isEmpty || issuer !== '') signer.require();
  ring.onChange(() => signer.require());
}

/**
 * A gateway that does not learn the keys in time starts nevertheless: it refuses requests until it knows them.
 *
 * @throws CommandError `bad-configuration` for an open address of a cluster without keys
 */
async function requireOpenDoor(
  keys: FollowedKeys,
  { gateway }: PackageConfigs,
  node: ClusterNode,
): Promise<void> {
  const { host = defaults.host, insecure = false, oidcIssuer = '' } = gateway;
  if (
    isLoopbackAddress(host) ||
    insecure ||
    oidcIssuer !== '' ||
    (await exceedsLimit(keys.known, keysWaitMs))
  )
    return;
  requireDoor({ host, insecure, issuer: oidcIssuer }, keys.ring.all(), node.clock.wallNow());
}

function cannotListen(error: ListenError): CommandError {
  return error.code === 'address-in-use'
    ? new CommandError('address-in-use', exitCodes.inUse, error.message, {
        fix: 'choose another with --port, or --port 0 for any free one',
        cause: error,
      })
    : new CommandError('bad-configuration', exitCodes.usage, error.message, {
        fix: 'name an address of this machine with --host and a port above 1023 with --port',
        cause: error,
      });
}
