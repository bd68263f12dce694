import { Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { badConfiguration, type ExitCode, exitCodes } from '../errors.ts';
import { findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import {
  followMemory,
  getValue,
  listValues,
  type PutValue,
  putValue,
  removeValue,
} from '../gateway-client/memory-api.ts';
import { memoryEventLine, memoryListLines } from '../output/memory-text.ts';
import { readDuration } from '../settings/value-text.ts';
import { addSettingsNamed, settingsFor, wholeNumber } from './options.ts';
import { lookSettings } from './look-target.ts';
import { readStdin } from './read-stdin.ts';

interface ScopeFlags {
  readonly scope: string;
}

interface Target {
  readonly gateway: GatewayAddress;
  readonly json: boolean;
}

export function memoryCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('memory')
    .description('read and change the replicated memory of a running cluster')
    .addHelpText(
      'after',
      `
Values are kept by key in scopes: global, tenant:ID, session:ID, run:ID or agent:ID. Exits with 1 when the key has no
value, or not the stated revision.

Examples:
  drover memory set greeting hello
  drover memory get greeting --read fresh
  drover memory watch --scope session:42`,
    );
  for (const make of [getCommand, setCommand, listCommand, removeCommand, watchCommand])
    command.addCommand(make(finish));
  return command;
}

type Finish = (code: ExitCode) => void;

function getCommand(finish: Finish): Command {
  return subcommand('get', 'write the value of a key to stdout, as it was put')
    .argument('<key>')
    .addOption(
      new Option('--read <level>', 'how current the value has to be')
        .choices(['cached', 'leader', 'fresh'])
        .default('leader'),
    )
    .addHelpText('after', '\nExample:\n  drover memory get report --scope run:r1 > report.pdf')
    .action(async (key: string, flags: ScopeFlags & { readonly read: string }) => {
      const { gateway, json } = await targetOf(flags);
      const { value, ...facts } = await getValue(gateway, flags.scope, key, flags.read);
      if (json) print(JSON.stringify({ key, ...facts, bytes: value.length, value: textOrBase64(value) }));
      else process.stdout.write(value);
      finish(exitCodes.done);
    });
}

function setCommand(finish: Finish): Command {
  return subcommand('set', 'set a key to a value, or to what stdin has')
    .argument('<key>')
    .argument('[value]', 'the value; without it, or with -, stdin is read')
    .addOption(
      new Option('--ttl <duration>', 'remove the key after this time, such as 10m').argParser(duration),
    )
    .addOption(new Option('--if-match <revision>', 'only if the key has this revision').argParser(revision))
    .addOption(new Option('--if-absent', 'only if the key has no value').conflicts('ifMatch'))
    .addOption(
      new Option('--policy <name>', 'reject, last-writer, merge:NAME or crdt:KIND; fixed by the first write'),
    )
    .addOption(
      new Option('--content-type <type>', 'sent with the value (default: text/plain; charset=utf-8)'),
    )
    .addHelpText(
      'after',
      `
Examples:
  drover memory set greeting hello --ttl 10m
  drover memory set config --content-type application/json < config.json
  drover memory set model-card --ttl 7d < card.tar.gz
  drover memory set greeting bye --if-match 17`,
    )
    .action(async (key: string, given: string | undefined, flags: ScopeFlags & Omit<PutValue, 'value'>) => {
      const { gateway, json } = await targetOf(flags);
      const isStdin = given === undefined || given === '-';
      const value = isStdin ? await readStdin() : Buffer.from(given);
      const contentType = flags.contentType ?? (isStdin ? undefined : 'text/plain; charset=utf-8');
      const options = { ...flags, value, ...(contentType === undefined ? {} : { contentType }) };
      const outcome = await putValue(gateway, flags.scope, key, options);
      print(json ? JSON.stringify({ key, ...outcome }) : `revision ${outcome.revision}`);
      finish(exitCodes.done);
    });
}

function listCommand(finish: Finish): Command {
  return subcommand('ls', 'list the keys of a scope')
    .argument('[prefix]', 'only keys that begin with this', '')
    .addOption(new Option('--limit <n>', 'most keys (default: all)').argParser(wholeNumber))
    .addHelpText('after', '\nExample:\n  drover memory ls users/ --scope tenant:default --json')
    .action(async (prefix: string, flags: ScopeFlags & { readonly limit?: number }) => {
      const { gateway, json } = await targetOf(flags);
      if (flags.limit === 0) throw badConfiguration('--limit', 'must be at least 1');
      const items = await listValues(gateway, flags.scope, prefix, flags.limit);
      if (json) print(JSON.stringify(items));
      else if (items.length > 0) print(memoryListLines(items).join('\n'));
      finish(exitCodes.done);
    });
}

function removeCommand(finish: Finish): Command {
  return subcommand('rm', 'remove a key')
    .argument('<key>')
    .addOption(new Option('--if-match <revision>', 'only if the key has this revision').argParser(revision))
    .addHelpText('after', '\nExample:\n  drover memory rm greeting --if-match 17')
    .action(async (key: string, flags: ScopeFlags & { readonly ifMatch?: number }) => {
      const { gateway, json } = await targetOf(flags);
      await removeValue(gateway, flags.scope, key, flags.ifMatch);
      if (json) print(JSON.stringify({ key, removed: true }));
      finish(exitCodes.done);
    });
}

function watchCommand(finish: Finish): Command {
  return subcommand('watch', 'show changes and conflicts as they happen, until Ctrl-C')
    .argument('[prefix]', 'only keys that begin with this', '')
    .addHelpText('after', '\nExample:\n  drover memory watch users/ --json | jq .key')
    .action(async (prefix: string, flags: ScopeFlags) => {
      const { gateway, json } = await targetOf(flags);
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      await followMemory(gateway, flags.scope, prefix, {
        signal: stop.signal,
        onEvent: (event) => print(json ? JSON.stringify(event) : memoryEventLine(event)),
      });
      finish(exitCodes.done);
    });
}

function subcommand(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .addOption(
      new Option('--scope <scope>', 'global, tenant:ID, session:ID, run:ID or agent:ID').default('global'),
    );
  return addSettingsNamed(command, [...lookSettings, 'json']);
}

async function targetOf(flags: object): Promise<Target> {
  const stated = await settingsFor('look', flags);
  return { gateway: findGateway(stated, process.env), json: stated.isOn('json') };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function duration(text: string): number {
  const ms = readDuration(text);
  if (ms === undefined || ms < 1_000)
    throw new InvalidOption('It must be a duration of at least 1s, such as 10m.');
  return ms;
}

/** Revisions have more digits than other numbers. */
function revision(text: string): number {
  const digits = /^"?(\d{1,15})"?$/.exec(text.trim())?.[1];
  if (digits === undefined) throw new InvalidOption('It must be a revision, as get --json shows it.');
  return Number(digits);
}

function textOrBase64(value: Uint8Array): string | { readonly base64: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return { base64: Buffer.from(value).toString('base64') };
  }
}
