import { Command } from 'commander';
import { z } from 'zod';
import { type ExitCode, exitCodes } from '../errors.ts';
import { sendJson } from '../gateway-client/gateway-api.ts';
import { looking, lookTarget, print } from './look-target.ts';

/** Longer than the leader has time to hand over. */
const transferMs = 8_000;

const answerSchema = z.object({ group: z.string(), leader: z.string() });

/** `drover cluster transfer GROUP [--to NODE]`. */
export function transferCommand(finish: (code: ExitCode) => void): Command {
  return looking(
    new Command('transfer')
      .argument('<group>', 'group of the control plane, such as control or agents')
      .option('--to <node>', 'the host that leads next (default: one that the leader chooses)')
      .description('have the leader of a group hand over to another host'),
  )
    .addHelpText(
      'after',
      `
The leader stops acting, the other host is elected and goes on with all records. "drover status" shows the groups and
their leaders. Only a voter can lead the group control.

Examples:
  drover cluster transfer agents
  drover cluster transfer control --to host-2`,
    )
    .action(async (group: string, { to, ...flags }: { readonly to?: string }) => {
      const { gateway, isJson } = await lookTarget(flags);
      const path = `/api/v1/cluster/groups/${encodeURIComponent(group)}/transfer`;
      const body = to === undefined ? {} : { to };
      const answer = await sendJson(gateway, { method: 'POST', path, body }, transferMs);
      const { leader } = answerSchema.parse(answer);
      print(isJson, answer, () => [`${leader} leads ${group}`]);
      finish(exitCodes.done);
    });
}
