import { resolve } from 'node:path';
import type { MembershipProfile } from '@drover/actor-core/cluster';
import { defaultRetention } from '@drover/gateway/audit';
import { Command } from 'commander';
import { auditDirOf } from '../audit/audit-files.ts';
import { defaults, logLevelOf } from '../config.ts';
import { badConfiguration, type ExitCode } from '../errors.ts';
import { choosePort } from '../network/port.ts';
import { parseOllamaAddress, shownUrl } from '../ollama/ollama-address.ts';
import { defaultDataDir } from '../platform/folders.ts';
import { nodeMetadata } from '../role/node-metadata.ts';
import { nodeIdFor } from '../role/node-id.ts';
import type { LogFormat } from '../role/role-logger.ts';
import type { RoleOptions } from '../role/run-role.ts';
import { type PackageConfigs, packageConfigs } from '../settings/package-configs.ts';
import { requireTlsFiles } from '../settings/require-tls-files.ts';
import type { StatedSettings } from '../settings/resolve-settings.ts';
import { addSettings, settingsFor } from './options.ts';

const defaultDrainMs = 10_000;

type Finish = (code: ExitCode) => void;

export function gatewayCommand(finish: Finish): Command {
  return addSettings(new Command('gateway').description('answer HTTP for a running cluster'), 'gateway')
    .addHelpText(
      'after',
      '\nExample:\n  drover gateway --port 11600            a second gateway for the drover up on this machine',
    )
    .action(async (flags: object) => {
      const { stated, configs } = await read('gateway', flags);
      await requireTlsFiles(stated, configs);
      // Checked before joining the cluster: a gateway that cannot listen must not become a member.
      const wish = {
        port: configs.gateway.port ?? defaults.port,
        explicit: stated.stated('port') !== undefined,
      };
      const choice = await choosePort(wish, configs.gateway.host ?? defaults.host);
      if (choice.movedFrom !== undefined)
        process.stderr.write(`drover: port ${choice.movedFrom} is taken: using ${choice.port}\n`);
      const gateway = { ...configs.gateway, port: choice.port };
      const { runGateway } = await import('../role/gateway-role.ts');
      const options = roleOptions('gateway', 'gateway', stated, configs);
      const keysFile = stated.text('keys-file');
      const auditDir = stated.text('audit-dir') ?? auditDirOf(options.cluster.data);
      finish(await runGateway(options, { ...configs, gateway }, { keysFile, auditDir }));
    });
}

export function nodeAgentCommand(finish: Finish): Command {
  return addSettings(
    new Command('node-agent').description('pass requests to the Ollama of this machine'),
    'node-agent',
  )
    .addHelpText(
      'after',
      `
Examples:
  drover node-agent --ollama http://127.0.0.1:11434 --slots 4
  drover node-agent --nats nats://bus:4222 --creds agent.creds`,
    )
    .action(async (flags: object) => {
      const { stated, configs } = await read('node-agent', flags);
      const hosts = {
        urls: ollamaUrls(stated),
        slots: stated.number('slots') ?? defaults.slots,
        simulated: stated.isOn('simulated'),
      };
      const { runNodeAgent } = await import('../role/node-agent-role.ts');
      const options = roleOptions('node-agent', 'agent', stated, configs);
      const metadata = nodeMetadata(stated, { slots: hosts.slots * hosts.urls.length });
      finish(await runNodeAgent({ ...options, metadata }, hosts, configs));
    });
}

export function hostCommand(finish: Finish): Command {
  return addSettings(new Command('host').description('run agents for a running cluster'), 'host')
    .addHelpText(
      'after',
      '\nExample:\n  drover host --id host-2                a second agent host for the drover up on this machine',
    )
    .action(async (flags: object) => {
      const { stated, configs } = await read('host', flags);
      const { runHost } = await import('../role/host-role.ts');
      const retention = {
        maxAgeMs: stated.number('audit-retention') ?? defaultRetention.maxAgeMs,
        maxBytes: stated.number('audit-size') ?? defaultRetention.maxBytes,
      };
      finish(await runHost(roleOptions('host', 'host', stated, configs), configs, retention));
    });
}

async function read(
  role: 'gateway' | 'node-agent' | 'host',
  flags: object,
): Promise<{ stated: StatedSettings; configs: PackageConfigs }> {
  const stated = await settingsFor(role, flags);
  // Set by drover up for this process alone: removed, so that no child process and no crash report gets it.
  delete process.env['DROVER_CREDS_TEXT'];
  return { stated, configs: packageConfigs(stated) };
}

function roleOptions(
  role: RoleOptions['role'],
  prefix: string,
  stated: StatedSettings,
  configs: PackageConfigs,
): RoleOptions {
  return {
    id: nodeIdFor(prefix, stated.text('id')),
    role,
    cluster: {
      nats: stated.text('nats'),
      creds: stated.text('creds'),
      credsText: stated.text('creds-text'),
      data: resolve(stated.text('data') ?? defaultDataDir(process.env)),
    },
    metadata: nodeMetadata(stated),
    natsConnectTimeoutMs: configs.natsConnectTimeoutMs,
    // The table of settings allows no other value.
    membership: (stated.text('membership') ?? 'lan') as MembershipProfile,
    replicas: stated.number('nats-replicas'),
    logLevel: logLevelOf(stated) ?? 'info',
    // The table of settings allows no other value.
    logFormat: (stated.text('log-format') ?? 'auto') as LogFormat,
    drainMs: stated.number('drain-timeout') ?? defaultDrainMs,
  };
}

function ollamaUrls(stated: StatedSettings): string[] {
  const one = stated.stated('ollama');
  const field = one === undefined ? '--ollama' : stated.nameOf(one.setting);
  return (stated.list('ollama') ?? ['']).map((text) => {
    const url = parseOllamaAddress(text);
    if (url === undefined) throw badConfiguration(field, `is no address: ${shownUrl(text)}`);
    return url;
  });
}
