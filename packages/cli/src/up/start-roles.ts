import { auditDirOf } from '../audit/audit-files.ts';
import { exitCodes } from '../errors.ts';
import { keysFilePath } from '../keys/keys-file.ts';
import type { SupervisedProcess } from '../process/supervised-process.ts';
import type { Bus } from './bus.ts';
import { childEnvironment } from './child-environment.ts';
import { launchRole } from './role-process.ts';
import { processReadyMs, type StartContext } from './start-context.ts';
import type { OllamaHost } from './start-hosts.ts';

/** Drain time of the gateway. A fleet must stop within 10 s; the other roles have the remaining time. */
const gatewayDrainMs = 8_000;
const fatalExitCodes: readonly number[] = [exitCodes.usage, exitCodes.missing, exitCodes.inUse];

/** Starts the role processes together. The node-agents wait for `hosts`, the others do not. */
export async function startRoles(
  context: StartContext & { readonly dataDir: string },
  bus: Bus,
  { port, grpcPort }: { readonly port: number; readonly grpcPort: number | undefined },
  hosts: Promise<readonly OllamaHost[]>,
): Promise<readonly OllamaHost[]> {
  const { host } = context.config;
  const gatewayFlags = ['--host', host, '--port', String(port), '--drain-timeout', `${gatewayDrainMs}ms`];
  if (grpcPort !== undefined) gatewayFlags.push('--grpc-port', String(grpcPort));
  await Promise.all([
    startRole(context, bus, 'gateway-1', 'gateway', gatewayFlags, {
      DROVER_KEYS_FILE: keysFilePath(context.dataDir),
      DROVER_AUDIT_DIR: auditDirOf(context.dataDir),
    }),
    startRole(context, bus, 'host-1', 'host', []),
    startNodeAgents(context, bus, hosts),
  ]);
  return hosts;
}

async function startNodeAgents(
  context: StartContext,
  bus: Bus,
  hosts: Promise<readonly OllamaHost[]>,
): Promise<void> {
  const starts = (await hosts).map(({ url, simulated }, index) => {
    const flags = ['--slots', String(context.config.slots), ...(simulated ? ['--simulated'] : [])];
    // Passed as an environment variable, not as a flag: the address can contain a password, and every user of the
    // machine can list command lines.
    return startRole(context, bus, `agent-${index + 1}`, 'node-agent', flags, { DROVER_OLLAMA: url });
  });
  await Promise.all(starts);
}

async function startRole(
  { config, environment, cluster }: StartContext,
  bus: Bus,
  id: string,
  role: 'gateway' | 'node-agent' | 'host',
  flags: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<SupervisedProcess> {
  const access = await bus.environmentFor(id, role);
  const added = { ...config.roleVariables[role], ...access, ...settings, DROVER_LOG_LEVEL: config.logLevel };
  return cluster.start({
    id,
    role,
    readyTimeoutMs: processReadyMs,
    fatalExitCodes,
    launch: () =>
      launchRole({
        args: [role, '--id', id, ...flags],
        environment: childEnvironment(environment, added),
        onLog: cluster.logOfRole(id),
      }),
  });
}
