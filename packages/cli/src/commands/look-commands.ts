import { Command } from 'commander';
import { readClusterFile } from '../cluster/cluster-file.ts';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { statusLines } from '../output/status-lines.ts';
import type { StatusReport } from '../output/status-report.ts';
import { Terminal } from '../output/terminal.ts';
import { warningsFor } from '../up/warnings.ts';
import { dataDirOf, findGateway, type GatewayAddress } from './gateway-address.ts';
import { getJson } from './gateway-api.ts';
import { addSettingsNamed, settingsFor } from './options.ts';
import { watch } from './watch.ts';

export function statusCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(new Command('status').description('show the nodes of a running cluster'), [
    'url',
    'data',
    'config',
    'json',
  ])
    .addHelpText('after', '\nExample:\n  drover status --json | jq .nodes')
    .action(async (flags: object) => {
      const stated = await settingsFor('look', flags);
      const gateway = findGateway(stated, process.env);
      const report = await getJson(gateway, '/api/v1/status');
      print(stated.isOn('json'), report, () =>
        linesFor(asStatus(report, gateway), new Terminal(process.stdout, process.env)),
      );
      const dataDir = dataDirOf(stated, process.env);
      const listenHost = readClusterFile(dataDir)?.listenHost;
      // Checked only for a drover up on this machine: the addresses of other machines are not known here.
      if (listenHost !== undefined)
        for (const warning of await warningsFor(listenHost, dataDir))
          process.stderr.write(`drover: warning: ${warning}\n`);
      finish(exitCodes.done);
    });
}

export function topCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(
    new Command('top').description('show the nodes of a running cluster, again every second until Ctrl-C'),
    ['url', 'data', 'config'],
  )
    .addHelpText('after', '\nExample:\n  drover top --url http://127.0.0.1:11500')
    .action(async (flags: object) => {
      const gateway = findGateway(await settingsFor('look', flags), process.env);
      const terminal = new Terminal(process.stdout, process.env);
      // In a pipe an empty line tells one look from the next.
      const look = async (): Promise<string[]> => [
        ...linesFor(asStatus(await getJson(gateway, '/api/v1/status'), gateway), terminal),
        ...(terminal.isTTY ? [] : ['']),
      ];
      await watch(terminal, look);
      finish(exitCodes.done);
    });
}

/** No line is cut when the output is a pipe. */
function linesFor(report: StatusReport, terminal: Terminal): string[] {
  const width = terminal.isTTY ? terminal.columns - 1 : Number.POSITIVE_INFINITY;
  return statusLines(report, { width, more: terminal.more });
}

function print(json: boolean, report: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${lines().join('\n')}\n`);
}

export function asStatus(report: unknown, { url, origin }: GatewayAddress): StatusReport {
  if (typeof report === 'object' && report !== null && Array.isArray((report as StatusReport).nodes)) {
    return report as StatusReport;
  }
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} (${origin}) answers, but not as a Drover gateway`,
    {
      fix: 'name the gateway with --url',
    },
  );
}
