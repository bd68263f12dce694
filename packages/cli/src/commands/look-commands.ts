import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { CommandError, type ExitCode, errorLine, exitCodes } from '../errors.ts';
import { alignColumns, type StatusReport, statusTable } from '../output/status-report.ts';
import { Terminal } from '../output/terminal.ts';
import { getJson } from './gateway-api.ts';
import { jsonOption, urlOption } from './options.ts';

interface LookFlags {
  readonly url: string;
  readonly json?: boolean;
}

const topRefreshMs = 1_000;

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

export function actorsCommand(finish: (code: ExitCode) => void): Command {
  return new Command('actors')
    .description("show the gateway's live actors")
    .addOption(urlOption())
    .addOption(jsonOption('as JSON'))
    .addHelpText('after', '\nExample:\n  drover actors')
    .action(async ({ url, json }: LookFlags) => {
      const report = await getJson(url, '/api/v1/actors');
      print(json, report, () => alignColumns(actorTable(report)));
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
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
      // The first answer decides whether there is anything to look at; later silence is shown and waited out.
      let lines = await topLines(url);
      while (!stop.signal.aborted) {
        if (terminal.isTTY) terminal.block(lines);
        else terminal.line(...lines, '');
        await delay(topRefreshMs, undefined, { signal: stop.signal }).catch(() => undefined);
        lines = await topLines(url).catch((error: unknown) => [errorLine(error)]);
      }
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

interface ActorView {
  readonly path?: string;
  readonly state?: string;
  readonly mailboxDepth?: number;
  readonly processed?: number;
  readonly restarts?: number;
  readonly lastFailure?: string;
}

function actorTable(report: unknown): string[][] {
  const actors = (report as { actors?: readonly ActorView[] }).actors ?? [];
  const rows = actors.map((actor) => [
    actor.path ?? '',
    actor.state ?? '',
    String(actor.mailboxDepth ?? 0),
    String(actor.processed ?? 0),
    String(actor.restarts ?? 0),
    actor.lastFailure ?? '',
  ]);
  return [['ACTOR', 'STATE', 'WAITING', 'PROCESSED', 'RESTARTS', 'LAST FAILURE'], ...rows];
}
