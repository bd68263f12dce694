import { Command, Option } from 'commander';
import { CommandError, type ExitCode, exitCodes } from '../errors.ts';
import { boxGlyphs, plainGlyphs } from '../output/actor-tree.ts';
import { readActorsReport } from '../gateway-client/actors-report.ts';
import { actorsText } from '../output/actors-text.ts';
import { Terminal } from '../output/terminal.ts';
import { getJson } from '../gateway-client/gateway-api.ts';
import { findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import { addSettingsNamed, settingsFor, wholeNumber } from './options.ts';
import { lookSettings } from './look-target.ts';
import { watch } from './watch.ts';

interface ActorsFlags {
  readonly node?: string;
  readonly path?: string;
  readonly limit?: number;
  readonly watch?: boolean;
}

export function actorsCommand(finish: (code: ExitCode) => void): Command {
  return addSettingsNamed(
    new Command('actors').description(
      'show the live actors of every node as a tree, and what is wrong with them',
    ),
    [...lookSettings, 'json'],
  )
    .addOption(new Option('--node <name>', 'only this node'))
    .addOption(new Option('--path <prefix>', 'only actors whose path begins with this'))
    .addOption(
      new Option(
        '--limit <n>',
        'actors shown of each node, 1 to 1000, the most relevant first (default: 200)',
      ).argParser(wholeNumber),
    )
    .addOption(new Option('--watch', 'show it again every second until Ctrl-C'))
    .addHelpText(
      'after',
      `
A node that does not answer is listed with the reason. States: starting, running, busy (its handler awaits),
restarting, parked (failed too often: stays down), stopping. MAILBOX is the number of waiting messages and the limit.

Examples:
  drover actors
  drover actors --node agent-1 --path instances/ --watch
  drover actors --json | jq '.nodes[].actors[] | select(.restarts > 0)'`,
    )
    .action(async (flags: ActorsFlags) => {
      const terminal = new Terminal(process.stdout, process.env);
      const stated = await settingsFor('look', flags);
      const question = { ...flags, gateway: findGateway(stated, process.env), json: stated.isOn('json') };
      const look = async (): Promise<readonly string[]> => actorLines(question, terminal);
      if (flags.watch === true) await watch(terminal, question.json || terminal.isTTY ? look : spaced(look));
      else process.stdout.write(`${(await look()).join('\n')}\n`);
      finish(exitCodes.done);
    });
}

interface ActorsQuestion extends ActorsFlags {
  readonly gateway: GatewayAddress;
  readonly json: boolean;
}

async function actorLines(flags: ActorsQuestion, terminal: Terminal): Promise<readonly string[]> {
  const answer = await getJson(flags.gateway, `/api/v1/actors${queryOf(flags)}`);
  const report = readActorsReport(answer);
  if (report === undefined)
    throw new CommandError(
      'gateway-unreachable',
      exitCodes.missing,
      `${flags.gateway.url} answers, but not with the actors of a Drover gateway`,
      { fix: 'name a gateway of this version with --url' },
    );
  if (flags.json) return [JSON.stringify(answer)];
  return actorsText(report, {
    glyphs: terminal.drawsBoxes ? boxGlyphs : plainGlyphs,
    width: terminal.isTTY ? terminal.columns - 1 : Number.POSITIVE_INFINITY,
    height: flags.watch === true && terminal.isTTY ? terminal.rows - 1 : Number.POSITIVE_INFINITY,
    style: (style, text) => terminal.style(style, text),
    nowMs: Date.now(),
  });
}

function queryOf({ node, path, limit }: ActorsFlags): string {
  const query = new URLSearchParams();
  if (node !== undefined) query.set('node', node);
  if (path !== undefined) query.set('path', path);
  if (limit !== undefined) query.set('limit', String(limit));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** In a pipe an empty line separates two reports. */
function spaced(look: () => Promise<readonly string[]>): () => Promise<readonly string[]> {
  return async () => [...(await look()), ''];
}
