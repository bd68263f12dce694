import { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { alignColumns } from '../output/columns.ts';
import { effectiveSettings, type EffectiveSetting } from '../settings/effective-settings.ts';
import { mayComeFrom } from '../settings/setting.ts';
import { settings } from '../settings/table.ts';
import { liveConfigCommands } from './live-config-commands.ts';
import { addSettingsNamed, settingsFor } from './options.ts';

export function configCommand(finish: (code: ExitCode) => void): Command {
  const config = new Command('config')
    .description('show the settings of this machine, and change those of a running cluster')
    .addCommand(printCommand(finish))
    .addHelpText(
      'after',
      '\nExamples:\n  drover config print --config drover.yaml\n  drover config set request-timeout 5m',
    );
  for (const command of liveConfigCommands(finish)) config.addCommand(command);
  return config;
}

function printCommand(finish: (code: ExitCode) => void): Command {
  const print = new Command('print')
    .description('print every setting that is in effect and where its value comes from')
    .usage('[--json] [any flag of drover up or of a role]')
    .addHelpText(
      'after',
      `
Takes every flag of drover up and of the roles, so that a whole command line can be checked. No cluster has to run.
Secrets are masked. Exits with 2 when a setting is unknown, cannot be read or contradicts another.

Examples:
  drover config print
  drover config print --config drover.yaml --max-body 128MiB
  drover config print --json | jq '.[] | select(.source != "default")'`,
    );
  const keys = settings.filter((setting) => mayComeFrom(setting, 'flag')).map(({ key }) => key);
  addSettingsNamed(print, keys);
  const shown = ['--config', '--data', '--json'];
  for (const option of print.options) option.hideHelp(!shown.includes(option.long ?? ''));
  return print.action(async (flags: object) => {
    const stated = await settingsFor('all', flags);
    const lines = effectiveSettings(stated);
    process.stdout.write(
      stated.isOn('json') ? `${JSON.stringify(lines)}\n` : `${textLines(lines).join('\n')}\n`,
    );
    finish(exitCodes.done);
  });
}

function textLines(lines: readonly EffectiveSetting[]): string[] {
  const rows = lines.map(({ key, value, meaning, source, at }) => [
    key,
    value === '' ? '""' : (value ?? `(${meaning ?? ''})`),
    at === '' ? source : at,
  ]);
  return alignColumns([['SETTING', 'VALUE', 'FROM'], ...rows]);
}
