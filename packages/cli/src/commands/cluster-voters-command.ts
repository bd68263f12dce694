import { Command } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { sendJson } from '../gateway-client/gateway-api.ts';
import { readVoters } from '../gateway-client/voters-report.ts';
import { votersText } from '../output/voters-text.ts';
import { looking, lookTarget, print } from './look-target.ts';

/** Longer than the control leader has time for the change. */
const changeMs = 8_000;

/** `drover cluster voters [add NODE | remove NODE]`. */
export function votersCommand(finish: (code: ExitCode) => void): Command {
  return looking(
    new Command('voters')
      .argument('[action]', 'add or remove; without it the voters are shown')
      .argument('[node]', 'id of the host')
      .description('show the voters, who elect the control leader, or change them by one'),
  )
    .addHelpText(
      'after',
      `
A leader is elected by a majority of the voters: 1 voter can lose none, 3 can lose one, 5 can lose two. With 2 or 4 no
more can be lost than with 1 or 3, so an even number is a step on the way. A voter must be a host that is alive. A
change after which too few of the voters would be alive is refused.

Examples:
  drover cluster voters
  drover cluster voters add host-2
  drover cluster voters remove host-2 --json`,
    )
    .action(
      async (
        action: string | undefined,
        node: string | undefined,
        flags: object,
        command: Command,
      ): Promise<void> => {
        const request = requestOf(action, node);
        if (request === undefined) command.error('error: use "add NODE" or "remove NODE"', usage);
        const { gateway, isJson } = await lookTarget(flags);
        const answer = await sendJson(gateway, request, changeMs);
        print(isJson, answer, () => votersText(readVoters(answer, gateway)));
        finish(exitCodes.done);
      },
    );
}

const usage = { exitCode: exitCodes.usage, code: 'drover.usage' };
const path = '/api/v1/cluster/voters';

function requestOf(
  action: string | undefined,
  node: string | undefined,
): { readonly method: 'GET' | 'PUT' | 'DELETE'; readonly path: string } | undefined {
  if (action === undefined) return { method: 'GET', path };
  if (node === undefined || (action !== 'add' && action !== 'remove')) return undefined;
  return { method: action === 'add' ? 'PUT' : 'DELETE', path: `${path}/${encodeURIComponent(node)}` };
}
