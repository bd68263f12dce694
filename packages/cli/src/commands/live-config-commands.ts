import { Command } from 'commander';
import { z } from 'zod';
import { type ExitCode, exitCodes } from '../errors.ts';
import { findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import { getJson, sendJson } from '../gateway-client/gateway-api.ts';
import { alignColumns } from '../output/columns.ts';
import type { StatedSettings } from '../settings/resolve-settings.ts';
import { addSettingsNamed, settingsFor } from './options.ts';
import { lookSettings } from './look-target.ts';

type Finish = (code: ExitCode) => void;

const listSchema = z.object({
  settings: z.array(z.object({ key: z.string(), value: z.string(), changedAt: z.string() })),
  keys: z.array(z.string()),
});

/** `drover config ls`, `set` and `unset`: the settings that a running cluster keeps. */
export function liveConfigCommands(finish: Finish): readonly Command[] {
  return [listCommand(finish), setCommand(finish), unsetCommand(finish)];
}

function listCommand(finish: Finish): Command {
  return looking(new Command('ls').description('show the settings that were changed while the cluster runs'))
    .addHelpText('after', '\nExample:\n  drover config ls')
    .action(async (flags: object) => {
      const { stated, gateway } = await target(flags);
      const report = listSchema.parse(await getJson(gateway, '/api/v1/settings'));
      write(stated, report, () => [
        ...(report.settings.length === 0
          ? ['no setting was changed since the processes started']
          : alignColumns([
              ['SETTING', 'VALUE', 'SINCE'],
              ...report.settings.map(({ key, value, changedAt }) => [key, value, changedAt]),
            ])),
        `can be changed: ${report.keys.join(', ')}`,
      ]);
      finish(exitCodes.done);
    });
}

function setCommand(finish: Finish): Command {
  return looking(
    new Command('set')
      .argument('<setting>', 'its key, such as request-timeout')
      .argument('<value>', 'as in a settings file; a list is separated by commas')
      .description('change a setting in all running processes, without a restart'),
  )
    .addHelpText(
      'after',
      '\nThe value stays in effect until "drover config unset", also for processes that start later.\n\nExample:\n  drover config set max-streams 500',
    )
    .action(async (key: string, value: string, flags: object) => {
      const { stated, gateway } = await target(flags);
      const path = `/api/v1/settings/${encodeURIComponent(key)}`;
      const answer = await sendJson(gateway, { method: 'PUT', path, body: { value } });
      write(stated, answer, () => [`${key} is ${value}`]);
      finish(exitCodes.done);
    });
}

function unsetCommand(finish: Finish): Command {
  return looking(
    new Command('unset')
      .argument('<setting>', 'its key')
      .description('return each process to the value with which it was started'),
  )
    .addHelpText('after', '\nExample:\n  drover config unset max-streams')
    .action(async (key: string, flags: object) => {
      const { stated, gateway } = await target(flags);
      await sendJson(gateway, { method: 'DELETE', path: `/api/v1/settings/${encodeURIComponent(key)}` });
      write(stated, { key }, () => [`${key} is as each process was started`]);
      finish(exitCodes.done);
    });
}

function looking(command: Command): Command {
  return addSettingsNamed(command, [...lookSettings, 'json']);
}

async function target(flags: object): Promise<{ stated: StatedSettings; gateway: GatewayAddress }> {
  const stated = await settingsFor('look', flags);
  return { stated, gateway: findGateway(stated, process.env) };
}

function write(stated: StatedSettings, report: unknown, lines: () => readonly string[]): void {
  process.stdout.write(stated.isOn('json') ? `${JSON.stringify(report)}\n` : `${lines().join('\n')}\n`);
}
