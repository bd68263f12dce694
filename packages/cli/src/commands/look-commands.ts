import { Command } from 'commander';
import { readClusterFile } from '../cluster/cluster-file.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import { statusLines } from '../output/status-lines.ts';
import { asStatus, type StatusReport } from '../gateway-client/status-report.ts';
import { Terminal } from '../output/terminal.ts';
import { warningsFor } from '../up/warnings.ts';
import { dataDirOf, findGateway } from '../gateway-client/gateway-address.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { addSettingsNamed, settingsFor } from './options.ts';
import { lookSettings } from './look-target.ts';
import { watch } from './watch.ts';

export function statusCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(new Command('status').description('show the nodes of a running cluster'), [
    ...lookSettings,
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
      const { listenHost, tokenIssuer: issuer = '' } = readClusterFile(dataDir) ?? {};
      // Known only if the gateway is part of a `drover up` on this machine; listen addresses on other machines are not.
      if (listenHost !== undefined)
        for (const warning of await warningsFor({ host: listenHost, issuer }, dataDir))
          process.stderr.write(`drover: warning: ${warning}\n`);
      finish(exitCodes.done);
    });
}

export function topCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(
    new Command('top').description('show the nodes of a running cluster, again every second until Ctrl-C'),
    lookSettings,
  )
    .addHelpText('after', '\nExample:\n  drover top --url http://127.0.0.1:11500')
    .action(async (flags: object) => {
      const gateway = findGateway(await settingsFor('look', flags), process.env);
      const terminal = new Terminal(process.stdout, process.env);
      // In a pipe an empty line separates two reports.
      const look = async (): Promise<string[]> => [
        ...linesFor(asStatus(await getJson(gateway, '/api/v1/status'), gateway), terminal),
        ...(terminal.isTTY ? [] : ['']),
      ];
      await watch(terminal, look);
      finish(exitCodes.done);
    });
}

/** The lines of a report, cut to the width of the terminal; not cut in a pipe. */
function linesFor(report: StatusReport, terminal: Terminal): string[] {
  const width = terminal.isTTY ? terminal.columns - 1 : Number.POSITIVE_INFINITY;
  return statusLines(report, { width, more: terminal.more });
}

function print(json: boolean, report: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${lines().join('\n')}\n`);
}
