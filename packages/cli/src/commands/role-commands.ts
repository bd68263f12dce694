import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { defaultDataDir, defaults, type LogLevel } from '../config.ts';
import { badConfiguration, type ExitCode } from '../errors.ts';
import { parseOllamaAddress, shownUrl } from '../ollama/ollama-address.ts';
import { nodeIdFor } from '../role/node-id.ts';
import type { RoleOptions } from '../role/run-role.ts';
import {
  credsOption,
  dataOption,
  hostOption,
  logLevelOption,
  natsOption,
  ollamaOption,
  portOption,
  slotsOption,
  wholeNumber,
} from './options.ts';

interface JoinFlags {
  readonly id?: string;
  readonly nats?: string;
  readonly creds?: string;
  readonly data?: string;
  readonly logLevel?: string;
  readonly drainMs?: number;
}

const defaultDrainMs = 10_000;
const maxDrainMs = 600_000;

type Finish = (code: ExitCode) => void;

export function gatewayCommand(finish: Finish): Command {
  return joining(new Command('gateway').description('answer HTTP for a running cluster'), 'gateway')
    .addOption(portOption())
    .addOption(hostOption())
    .addHelpText(
      'after',
      '\nExample:\n  drover gateway --port 11600            a second door to the drover up on this machine',
    )
    .action(async (flags: JoinFlags & { port?: number; host?: string }) => {
      const { runGateway } = await import('../role/gateway-role.ts');
      const { port = defaults.port, host = defaults.host } = flags;
      if (port > 65_535) throw badConfiguration('--port', 'must be a whole number from 0 to 65535');
      finish(await runGateway(joinOptions('gateway', 'gateway', flags), { host, port }));
    });
}

export function nodeAgentCommand(finish: Finish): Command {
  return joining(new Command('node-agent').description("be the only door to this machine's Ollama"), 'agent')
    .addOption(
      ollamaOption('the Ollama; may be given several times (default: OLLAMA_HOST, else port 11434 here)'),
    )
    .addOption(slotsOption())
    .addOption(new Option('--simulated', 'these hosts are simulated').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  drover node-agent --ollama http://127.0.0.1:11434 --slots 4
  drover node-agent --nats nats://bus:4222 --creds agent.creds`,
    )
    .action(
      async (flags: JoinFlags & { ollama?: readonly string[]; slots?: number; simulated?: boolean }) => {
        const { runNodeAgent } = await import('../role/node-agent-role.ts');
        const slots = flags.slots ?? defaults.slots;
        if (slots < 1 || slots > 1_024)
          throw badConfiguration('--slots', 'must be a whole number from 1 to 1024');
        const named = flags.ollama ?? [process.env['OLLAMA_HOST'] ?? ''];
        const field = flags.ollama === undefined ? 'OLLAMA_HOST' : '--ollama';
        const urls = named.map((text) => {
          const url = parseOllamaAddress(text);
          if (url === undefined) throw badConfiguration(field, `is no address: ${shownUrl(text)}`);
          return url;
        });
        const hosts = { urls, slots, simulated: flags.simulated === true };
        finish(await runNodeAgent(joinOptions('node-agent', 'agent', flags), hosts));
      },
    );
}

export function hostCommand(finish: Finish): Command {
  return joining(new Command('host').description('run agents for a running cluster'), 'host')
    .addOption(
      new Option('--catalogue <dir>', 'folder with agent definitions (default: the ones shipped)').env(
        'DROVER_CATALOGUE',
      ),
    )
    .addHelpText(
      'after',
      '\nExample:\n  drover host --id host-2                a second host for the drover up on this machine',
    )
    .action(async (flags: JoinFlags & { catalogue?: string }) => {
      const { runHost } = await import('../role/host-role.ts');
      finish(await runHost(joinOptions('host', 'host', flags), { catalogueDir: flags.catalogue }));
    });
}

/** The flags that every role has. */
function joining(command: Command, prefix: string): Command {
  return command
    .addOption(new Option('--id <name>', `name of this node (default: ${prefix}-<machine>)`).env('DROVER_ID'))
    .addOption(dataOption())
    .addOption(natsOption('NATS of the cluster (default: the one of the drover up that uses --data)'))
    .addOption(credsOption())
    .addOption(logLevelOption('info'))
    .addOption(
      new Option('--drain-ms <ms>', `how long a stop lets work finish (default: ${defaultDrainMs})`)
        .argParser(wholeNumber)
        .env('DROVER_DRAIN_MS'),
    );
}

function joinOptions(role: RoleOptions['role'], prefix: string, flags: JoinFlags): RoleOptions {
  const drainMs = flags.drainMs ?? defaultDrainMs;
  if (drainMs > maxDrainMs) throw badConfiguration('--drain-ms', `must be at most ${maxDrainMs}`);
  // Handed over by drover up; not for the role's own children or crash reports.
  const credsText = process.env['DROVER_CREDS_TEXT'];
  delete process.env['DROVER_CREDS_TEXT'];
  return {
    id: nodeIdFor(prefix, flags.id),
    role,
    cluster: {
      nats: flags.nats,
      creds: flags.creds,
      credsText,
      data: resolve(flags.data ?? defaultDataDir(process.env)),
    },
    logLevel: logLevelOf(flags.logLevel ?? 'info'),
    drainMs,
  };
}

function logLevelOf(text: string): LogLevel {
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text;
  throw badConfiguration('--log-level', `must be debug, info, warn or error, got ${text}`);
}
