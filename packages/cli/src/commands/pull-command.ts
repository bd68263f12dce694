import { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { jobsOf, pullModel, type PullLine } from '../gateway-client/pull-api.ts';
import { jobRows, PullView } from '../output/pull-text.ts';
import { Terminal } from '../output/terminal.ts';
import { looking, lookTarget } from './look-target.ts';

export function pullCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('pull')
    .description('pull a model at all hosts of the fleet, or at some')
    .argument('<model>', 'name as in "ollama pull"')
    .option(
      '--host <node>',
      'only at this host: NODE or NODE/INSTANCE; may be repeated',
      (host: string, others: readonly string[]) => [...others, host],
      [] as readonly string[],
    );
  return looking(command)
    .addHelpText(
      'after',
      `
The hosts pull even if this command ends, a gateway or a node-agent restarts: run it again to see the progress. A layer
is as far as the slowest host. Exits with 1 if a host failed.

Examples:
  drover pull llama3.2
  drover pull llama3.2 --host gpu-1 --host gpu-2 --json`,
    )
    .action(async (model: string, flags: { readonly host: readonly string[] }) => {
      const { host: hosts, ...looks } = flags;
      const { gateway, isJson } = await lookTarget(looks);
      let failure: string | undefined;
      const show = isJson ? showJson : showOn(new Terminal(process.stdout, process.env));
      await pullModel(gateway, model, hosts, (line) => {
        failure ??= line.error;
        show(line);
      });
      const jobs = await jobsOf(gateway, 'pull', model);
      if (isJson) process.stdout.write(`${JSON.stringify({ hosts: jobs })}\n`);
      else process.stdout.write(`${jobRows(jobs).join('\n')}\n`);
      finish(failure === undefined ? exitCodes.done : exitCodes.no);
    });
}

function showJson(line: PullLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** On a terminal the rows are drawn again in place; elsewhere each status is written once. */
function showOn(terminal: Terminal): (line: PullLine) => void {
  const view = new PullView();
  const written = new Set<string>();
  return (line) => {
    if (line.error !== undefined) return terminal.line(`error: ${line.error}`);
    const row = view.take(line);
    if (terminal.isTTY) return terminal.block(view.rows);
    if (line.digest === undefined && !written.has(row)) terminal.line(row);
    written.add(row);
  };
}
