import { Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { explainAt } from '../gateway-client/key-api.ts';
import { explanationLines } from '../output/key-text.ts';
import { looking, lookTarget, print } from './look-target.ts';

export function explainCommand(finish: (code: ExitCode) => void): Command {
  return looking(
    new Command('explain').description('say whether a key may use a route, and which rule decides'),
  )
    .argument('<key>', 'id or name of the key, or the key itself')
    .argument('<method>', 'GET, POST, …')
    .argument('<route>', 'path, such as /api/chat')
    .addOption(new Option('--model <name>', 'and whether it may use this model there'))
    .addHelpText(
      'after',
      `
Exits with 1 when the answer is no.

Examples:
  drover explain ci POST /api/chat --model llama3.2
  drover explain 0f3a9c27d41be865 GET /api/v1/memory/global/greeting`,
    )
    .action(async (key: string, method: string, route: string, flags: { readonly model?: string }) => {
      const { gateway, isJson } = await lookTarget(flags);
      const { model } = flags;
      const asked = {
        key: idOf(key),
        method: method.toUpperCase(),
        route,
        ...(model !== undefined && { model }),
      };
      const answer = await explainAt(gateway, asked);
      print(isJson, answer, () => explanationLines(answer));
      finish(answer.allowed ? exitCodes.done : exitCodes.no);
    });
}

/** The id in a key: the secret must not stand in a URL. */
function idOf(key: string): string {
  return /^drover_([0-9a-f]{16})_/.exec(key)?.[1] ?? key;
}
