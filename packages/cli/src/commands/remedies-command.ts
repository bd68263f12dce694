import { Command, Option } from 'commander';
import { z } from 'zod';
import { type ExitCode, exitCodes } from '../errors.ts';
import { findGateway } from '../gateway-client/gateway-address.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { alignColumns } from '../output/columns.ts';
import { addSettingsNamed, settingsFor, wholeNumber } from './options.ts';
import { lookSettings } from './look-target.ts';

const remedySchema = z.object({
  at: z.string(),
  node: z.string(),
  action: z.string(),
  subject: z.string(),
  cause: z.string(),
  evidence: z.record(z.string(), z.unknown()),
});
const reportSchema = z.object({ remedies: z.array(remedySchema) });

export function remediesCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('remedies')
    .description('show what the cluster mended by itself: restarts, elections, ejected hosts, moved agents')
    .addOption(new Option('--limit <n>', 'how many, the newest first').argParser(wholeNumber).default(100));
  return addSettingsNamed(command, [...lookSettings, 'json'])
    .addHelpText('after', '\nExample:\n  drover remedies --limit 20')
    .action(async (flags: { readonly limit: number }) => {
      const stated = await settingsFor('look', flags);
      const gateway = findGateway(stated, process.env);
      const report = reportSchema.parse(await getJson(gateway, `/api/v1/remedies?limit=${flags.limit}`));
      const text = stated.isOn('json') ? JSON.stringify(report) : lines(report.remedies).join('\n');
      process.stdout.write(`${text}\n`);
      finish(exitCodes.done);
    });
}

function lines(remedies: readonly z.infer<typeof remedySchema>[]): string[] {
  if (remedies.length === 0) return ['nothing had to be mended since this gateway started'];
  const rows = remedies.map(({ at, node, action, subject, cause, evidence }) => {
    const facts = Object.entries(evidence).map(([name, fact]) => `${name}=${String(fact)}`);
    return [at, node, action, subject, [cause, ...facts].join(' ')];
  });
  return alignColumns([['AT', 'NODE', 'ACTION', 'SUBJECT', 'CAUSE AND EVIDENCE'], ...rows]);
}
