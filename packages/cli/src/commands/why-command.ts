import { Command } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { readWhyReport, whyText } from '../output/why-text.ts';
import { findGateway } from '../gateway-client/gateway-address.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { addSettingsNamed, settingsFor } from './options.ts';
import { lookSettings } from './look-target.ts';

export function whyCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('why')
    .description('show why a request went to its host, and the outcome of each attempt')
    .argument('<request-id>', 'value of x-drover-request-id in its answer');
  return addSettingsNamed(command, [...lookSettings, 'json'])
    .addHelpText(
      'after',
      `
Only the gateway that served the request can answer. It keeps its last 1,000 requests, for 15 minutes. WAIT is the
time that the request was expected to wait on that host, with the load of the model.

Examples:
  curl -si http://127.0.0.1:11500/api/generate -d '{"model":"llama3.2"}' | grep -i x-drover-request-id
  drover why 4f6c0d0e --json | jq .attempts`,
    )
    .action(async (requestId: string, flags: object) => {
      const stated = await settingsFor('look', flags);
      const gateway = findGateway(stated, process.env);
      const answer = await getJson(gateway, `/api/v1/why/${encodeURIComponent(requestId)}`);
      const report = readWhyReport(answer);
      if (report === undefined)
        throw new CommandError(
          'gateway-unreachable',
          exitCodes.missing,
          `${gateway.url} answers, but not with the decisions of a Drover gateway`,
          { fix: 'name a gateway of this version with --url' },
        );
      const lines = stated.isOn('json') ? [JSON.stringify(answer)] : whyText(report);
      process.stdout.write(`${lines.join('\n')}\n`);
      finish(exitCodes.done);
    });
}
