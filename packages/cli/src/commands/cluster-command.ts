import { Command } from 'commander';
import { z } from 'zod';
import { type ExitCode, exitCodes } from '../errors.ts';
import { getJson, sendJson } from '../gateway-client/gateway-api.ts';
import { readClusterReport } from '../gateway-client/cluster-report.ts';
import { alignColumns } from '../output/columns.ts';
import { membersTable } from '../output/members-table.ts';
import { transferCommand } from './cluster-transfer-command.ts';
import { votersCommand } from './cluster-voters-command.ts';
import { looking, lookTarget, print } from './look-target.ts';

type Finish = (code: ExitCode) => void;

/** Longer than the control leader has time for the change. */
const changeMs = 8_000;

const changedSchema = z.object({ node: z.string(), state: z.string(), epoch: z.number() });

/** `drover cluster`: its members, voters and leaders, and changes to them. */
export function clusterCommand(finish: Finish): Command {
  const cluster = new Command('cluster')
    .description('show and change the members, voters and leaders of a running cluster')
    .addHelpText(
      'after',
      '\nExamples:\n  drover cluster members\n  drover cluster voters add host-2\n  drover cluster drain agent-2',
    );
  const commands = [
    membersCommand(finish),
    votersCommand(finish),
    transferCommand(finish),
    changeCommand(finish, 'drain', 'have a node finish its work, hand over what it holds, and leave'),
    changeCommand(finish, 'leave', 'have a node leave now; an unreachable node is declared dead'),
  ];
  for (const command of commands) cluster.addCommand(command);
  return cluster;
}

function membersCommand(finish: Finish): Command {
  return looking(new Command('members').description('show the members of the cluster'))
    .addHelpText(
      'after',
      `
STATE is the word of the control leader, which all nodes obey: up, draining, leaving, left, dead. HEARD is what the
gateway that answers hears of the node. A node that is up and unreachable has not been declared dead: its actors count
as alive until the control leader and a third node agree that it is gone.

Examples:
  drover cluster members
  drover cluster members --json | jq '.members[] | select(.state != "up")'`,
    )
    .action(async (flags: object) => {
      const { gateway, isJson } = await lookTarget(flags);
      const answer = await getJson(gateway, '/api/v1/cluster/members');
      const report = readClusterReport(answer, gateway);
      print(isJson, answer, () => alignColumns(membersTable(report)).concat(controlLine(report.control)));
      finish(exitCodes.done);
    });
}

function changeCommand(finish: Finish, action: 'drain' | 'leave', description: string): Command {
  return looking(new Command(action).argument('<node>', 'id of the node').description(description))
    .addHelpText('after', exampleOf[action])
    .action(async (node: string, flags: object) => {
      const { gateway, isJson } = await lookTarget(flags);
      const path = `/api/v1/cluster/members/${encodeURIComponent(node)}/${action}`;
      const answer = await sendJson(gateway, { method: 'POST', path }, changeMs);
      const { state, epoch } = changedSchema.parse(answer);
      print(isJson, answer, () => [`${node} is ${state} (view ${epoch})`]);
      finish(exitCodes.done);
    });
}

const exampleOf = {
  drain: `
The node gets nothing new, lets running requests finish for at most 10 minutes, and ends with exit code 0. A node that
"drover up" has started is not started again.

Example:
  drover cluster drain agent-2`,
  leave: `
A node that is reachable stops as after SIGTERM, and is not started again by "drover up". Use this also for a node that
is gone for good and was not noticed, such as after the loss of several machines.

Example:
  drover cluster leave agent-2`,
} as const;

function controlLine({
  leader,
  state,
}: {
  readonly leader?: string | undefined;
  readonly state: string;
}): string {
  if (leader === undefined) return 'no control leader is known: no node is admitted or declared dead';
  if (state === 'silent')
    return `the control leader ${leader} is silent: no node is admitted or declared dead`;
  return `control leader: ${leader}`;
}
