import { Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { explainAt, explainTokenAt } from '../gateway-client/key-api.ts';
import { explanationLines } from '../output/key-text.ts';
import { looking, lookTarget, print } from './look-target.ts';
import { readStdin } from './read-stdin.ts';

export function explainCommand(finish: (code: ExitCode) => void): Command {
  return looking(
    new Command('explain').description(
      'say whether a key or a token may use a route, and which rule decides',
    ),
  )
    .argument(
      '<key>',
      'id or name of the key, the key itself, or a token of the issuer (- reads it from stdin)',
    )
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
      const wanted = { method: method.toUpperCase(), route, ...(model !== undefined && { model }) };
      const text = key === '-' ? (await readStdin()).toString('utf8').trim() : key;
      const answer = isToken(text)
        ? await explainTokenAt(gateway, { token: text, ...wanted })
        : await explainAt(gateway, { key: idOf(text), ...wanted });
      print(isJson, answer, () => explanationLines(answer));
      finish(answer.allowed ? exitCodes.done : exitCodes.no);
    });
}

/** Names of keys may hold dots too, but no JWT is as short as a name. */
function isToken(text: string): boolean {
  return text.length > 100 && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/** The id in a key: the secret must not stand in a URL. */
function idOf(key: string): string {
  return /^drover_([0-9a-f]{16})_/.exec(key)?.[1] ?? key;
}
