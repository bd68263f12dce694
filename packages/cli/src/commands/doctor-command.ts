import { Command } from 'commander';
import { defaultDataDir } from '../config.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import { Terminal } from '../output/terminal.ts';
import { diagnose } from './diagnose.ts';
import { dataOption, jsonOption, urlOption } from './options.ts';

export function doctorCommand(finish: (code: ExitCode) => void): Command {
  return new Command('doctor')
    .description('check a running cluster and this machine; exit 1 when something is wrong')
    .addOption(urlOption())
    .addOption(dataOption())
    .addOption(jsonOption('as JSON'))
    .addHelpText('after', "\nExample:\n  drover doctor --json | jq '.[] | select(.ok | not)'")
    .action(async ({ url, data, json }: { url: string; data?: string; json?: boolean }) => {
      const checks = await diagnose(url, data ?? defaultDataDir(process.env));
      if (json === true) process.stdout.write(`${JSON.stringify(checks)}\n`);
      else {
        const terminal = new Terminal(process.stdout, process.env);
        for (const { check, ok, detail, fix } of checks) {
          const mark = ok ? terminal.style('green', 'ok   ') : terminal.style('red', 'fault');
          terminal.line(`${mark}  ${check.padEnd(12)} ${detail}`);
          if (!ok) terminal.line(`                    fix: ${fix}`);
        }
      }
      finish(checks.every((check) => check.ok) ? exitCodes.done : exitCodes.no);
    });
}
