import { Command } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { alignColumns, type StatusReport, statusTable } from '../output/status-report.ts';
import { Terminal } from '../output/terminal.ts';
import { getJson } from './gateway-api.ts';
import { jsonOption, urlOption } from './options.ts';
import { watch } from './watch.ts';

interface LookFlags {
  readonly url: string;
  readonly json?: boolean;
}

export function statusCommand(finish: (code: ExitCode) => void): Command {
  return new Command('status')
    .description('show the nodes of a running cluster')
    .addOption(urlOption())
    .addOption(jsonOption('as JSON'))
    .addHelpText('after', '\nExample:\n  drover status --json | jq .nodes')
    .action(async ({ url, json }: LookFlags) => {
      const report = await getJson(url, '/api/v1/status');
      print(json, report, () => alignColumns(statusTable(asStatus(report, url))));
      finish(exitCodes.done);
    });
}

export function topCommand(finish: (code: ExitCode) => void): Command {
  return new Command('top')
    .description('show the nodes of a running cluster, again every second until Ctrl-C')
    .addOption(urlOption())
    .addHelpText('after', '\nExample:\n  drover top --url http://127.0.0.1:11500')
    .action(async ({ url }: LookFlags) => {
      const terminal = new Terminal(process.stdout, process.env);
      // In a pipe an empty line tells one look from the next.
      await watch(terminal, async () => [...(await topLines(url)), ...(terminal.isTTY ? [] : [''])]);
      finish(exitCodes.done);
    });
}

async function topLines(url: string): Promise<string[]> {
  const report = asStatus(await getJson(url, '/api/v1/status'), url);
  return alignColumns(statusTable(report));
}

function print(json: boolean | undefined, report: unknown, lines: () => readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : `${lines().join('\n')}\n`);
}

export function asStatus(report: unknown, url: string): StatusReport {
  if (typeof report === 'object' && report !== null && Array.isArray((report as StatusReport).nodes)) {
    return report as StatusReport;
  }
  throw new CommandError(
    'gateway-unreachable',
    exitCodes.missing,
    `${url} answers, but not as a Drover gateway`,
    {
      fix: 'name the gateway with --url',
    },
  );
}
