import { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { Terminal } from '../output/terminal.ts';
import { diagnose } from './diagnose.ts';
import { dataDirOf, findGateway } from './gateway-address.ts';
import { addSettingsNamed, settingsFor } from './options.ts';

export function doctorCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(
    new Command('doctor').description(
      'check a running cluster and this machine; exit 1 when something is wrong',
    ),
    ['url', 'data', 'config', 'json'],
  )
    .addHelpText('after', "\nExample:\n  drover doctor --json | jq '.[] | select(.ok | not)'")
    .action(async (flags: object) => {
      const stated = await settingsFor('look', flags);
      // What does not run is a finding here, not an error.
      const gateway = findGateway(stated, process.env, { mustRun: false });
      const checks = await diagnose(gateway, dataDirOf(stated, process.env));
      if (stated.isOn('json')) process.stdout.write(`${JSON.stringify(checks)}\n`);
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
