import { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { Terminal } from '../output/terminal.ts';
import { dataDirOf, findGateway } from '../gateway-client/gateway-address.ts';
import { addSettingsNamed, settingsFor } from './options.ts';
import { lookSettings } from './look-target.ts';

interface DoctorFlags {
  readonly deep?: boolean;
  readonly security?: boolean;
}

export function doctorCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(
    new Command('doctor').description(
      'check a running cluster and this machine; exit 1 when something is wrong',
    ),
    [...lookSettings, 'json'],
  )
    .option('--deep', 'load a model on hosts that have none loaded, so that each answers a token')
    .option(
      '--security',
      'check instead how the cluster is guarded: addresses, keys, TLS, files, NATS, browsers, audit',
    )
    .addHelpText(
      'after',
      "\nExamples:\n  drover doctor --json | jq '.[] | select(.ok | not)'\n  drover doctor --security",
    )
    .action(async ({ deep = false, security = false, ...flags }: DoctorFlags) => {
      const stated = await settingsFor('look', flags);
      // A cluster that does not run is a finding of the doctor, not an error of the command.
      const gateway = findGateway(stated, process.env, { mustRun: false });
      const dataDir = dataDirOf(stated, process.env);
      const checks = security
        ? await (await import('../doctor/security/diagnose-security.ts')).diagnoseSecurity(gateway, dataDir)
        : await (await import('../doctor/diagnose.ts')).diagnose(gateway, dataDir, { isDeep: deep });
      if (stated.isOn('json')) process.stdout.write(`${JSON.stringify(checks)}\n`);
      else {
        const terminal = new Terminal(process.stdout, process.env);
        for (const { check, ok, detail, fix } of checks) {
          const mark = ok ? terminal.style('green', 'ok   ') : terminal.style('red', 'fault');
          terminal.line(`${mark}  ${check.padEnd(13)} ${detail}`);
          if (!ok) terminal.line(`                     fix: ${fix}`);
        }
      }
      finish(checks.every((check) => check.ok) ? exitCodes.done : exitCodes.no);
    });
}
