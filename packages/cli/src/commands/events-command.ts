import { Command, Option } from 'commander';
import { type ExitCode, exitCodes } from '../errors.ts';
import { readClusterEvents, type ReceivedEvent } from '../gateway-client/event-api.ts';
import { findGateway } from '../gateway-client/gateway-address.ts';
import { addSettingsNamed, settingsFor } from './options.ts';

interface Flags {
  readonly follow?: true;
  readonly since?: string;
  readonly type?: readonly string[];
  readonly target?: readonly string[];
}

export function eventsCommand(finish: (code: ExitCode) => void): Command {
  const command = new Command('events')
    .description('show what happened in the cluster, and with --follow what happens')
    .addOption(new Option('--follow', 'go on with what happens from now on, until Ctrl-C'))
    .addOption(
      new Option(
        '--since <when>',
        'begin this long ago, such as 1h, or at an instant (default: 1h; 0s with --follow)',
      ),
    )
    .addOption(new Option('--type <type...>', 'only these types, such as node.dead or agent.*'))
    .addOption(new Option('--target <target...>', 'only about these, such as node/gateway-1 or agent/*'));
  return addSettingsNamed(command, ['url', 'key', 'data', 'config', 'json'])
    .addHelpText(
      'after',
      '\nExamples:\n  drover events --since 10m\n  drover events --follow --type node.* remedy.* --json',
    )
    .action(async (flags: Flags) => {
      const stated = await settingsFor('look', flags);
      const gateway = findGateway(stated, process.env);
      const isJson = stated.isOn('json');
      const { follow = false, type: types = [], target: targets = [] } = flags;
      const since = flags.since ?? (follow ? '0s' : '1h');
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      let shown = 0;
      await readClusterEvents(
        gateway,
        { since, types, targets, follow },
        {
          signal: stop.signal,
          onEvent: (event) => {
            shown += 1;
            process.stdout.write(`${isJson ? JSON.stringify(event) : lineOf(event)}\n`);
          },
          onLost: (upTo) => process.stderr.write(`events up to ${upTo} were removed before they were read\n`),
        },
      );
      if (shown === 0 && !isJson && !follow) process.stdout.write(`nothing happened since ${since}\n`);
      finish(exitCodes.done);
    });
}

function lineOf({ time, source, type, targets, payload }: ReceivedEvent): string {
  const facts = Object.entries(payload).map(([name, fact]) => `${name}=${textOf(fact)}`);
  return [time, source, type, targets.join(' '), ...facts].join('  ');
}

function textOf(fact: unknown): string {
  return typeof fact === 'string' ? fact : JSON.stringify(fact);
}
