import { Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { z } from 'zod';
import { type ExitCode, exitCodes } from '../errors.ts';
import { findGateway } from '../gateway-client/gateway-address.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { type UsageReport, usageCsv, usageLines } from '../output/usage-text.ts';
import { readDuration } from '../settings/value-text.ts';
import { addSettingsNamed, settingsFor } from './options.ts';

const counts = {
  requests: z.number(),
  promptTokens: z.number(),
  outputTokens: z.number(),
  gpuSeconds: z.number(),
  queueSeconds: z.number(),
};
const reportSchema: z.ZodType<UsageReport> = z.object({
  from: z.string(),
  until: z.string(),
  by: z.array(z.string()),
  rows: z.array(
    z.object({
      hour: z.string().optional(),
      key: z.string().optional(),
      keyName: z.string().optional(),
      tenant: z.string().optional(),
      model: z.string().optional(),
      agent: z.string().optional(),
      ...counts,
    }),
  ),
  total: z.object(counts),
  complete: z.boolean(),
});

interface UsageFlags {
  readonly csv?: boolean;
  readonly by?: string;
  readonly since?: string;
  readonly until?: string;
  readonly key?: string;
  readonly ofKey?: string;
  readonly tenant?: string;
  readonly model?: string;
  readonly agent?: string;
}

export function usageCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('usage')
    .description('show what requests used: tokens, time of the hosts, time in queues')
    .addOption(new Option('--csv', 'comma-separated values, by hour too'))
    .addOption(new Option('--by <fields>', 'sum up by these, of hour,key,tenant,model,agent'))
    .addOption(
      new Option('--since <when>', 'a date, or a time such as 24h ago (default: 30 days)').argParser(when),
    )
    .addOption(
      new Option('--until <when>', 'a date, or a time such as 1h ago (default: now)').argParser(when),
    )
    .addOption(new Option('--of-key <key>', 'only this key, by its id or name'))
    .addOption(new Option('--tenant <name>', 'only this tenant'))
    .addOption(new Option('--model <name>', 'only this model'))
    .addOption(new Option('--agent <id>', 'only this agent'));
  return addSettingsNamed(command, ['url', 'key', 'data', 'config', 'json'])
    .addHelpText(
      'after',
      '\nAn administrator sees all keys, everybody else the own one.\n\nExamples:\n  drover usage --since 24h --by tenant\n  drover usage --csv --since 2026-12-01 > usage.csv',
    )
    .action(async (flags: UsageFlags) => {
      const stated = await settingsFor('look', flags);
      const gateway = findGateway(stated, process.env);
      const report = reportSchema.parse(await getJson(gateway, `/api/v1/usage?${queryOf(flags)}`));
      process.stdout.write(`${textOf(report, stated.isOn('json'), flags.csv === true)}\n`);
      if (!report.complete)
        process.stderr.write('there are more rows than one answer has: narrow them with --since or --by\n');
      finish(exitCodes.done);
    });
}

function textOf(report: UsageReport, isJson: boolean, isCsv: boolean): string {
  if (isJson) return JSON.stringify(report);
  return (isCsv ? usageCsv(report) : usageLines(report)).join('\n');
}

function queryOf({ csv, by, since, until, ofKey, tenant, model, agent }: UsageFlags): string {
  const fields = by ?? (csv === true ? 'hour,key,tenant,model,agent' : undefined);
  const wanted = { by: fields, since, until, key: ofKey, tenant, model, agent };
  const stated = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(stated).toString();
}

/** An instant: as it is written, or as long ago as a duration says. */
function when(text: string): string {
  if (/^\d{4}-\d{2}/.test(text) && Number.isFinite(Date.parse(text))) return new Date(text).toISOString();
  const agoMs = readDuration(text);
  if (agoMs === undefined)
    throw new InvalidOption('It must be a date such as 2026-12-01, or a duration such as 24h.');
  return new Date(Date.now() - agoMs).toISOString();
}
