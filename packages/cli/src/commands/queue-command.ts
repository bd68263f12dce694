import { Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { badConfiguration, type ExitCode, exitCodes } from '../errors.ts';
import { findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import {
  cancelMessage,
  listDead,
  listQueues,
  type PutFields,
  putMessage,
  removeQueue,
  replayDead,
  settleMessage,
  takeMessages,
} from '../gateway-client/queue-api.ts';
import { deadLines, queueLines, takenLines } from '../output/queue-text.ts';
import { readDuration } from '../settings/value-text.ts';
import { addSettingsNamed, settingsFor, wholeNumber } from './options.ts';
import { readStdin } from './read-stdin.ts';

interface Target {
  readonly gateway: GatewayAddress;
  readonly json: boolean;
}

type Finish = (code: ExitCode) => void;

export function queueCommand(finish: Finish): Command {
  const command = new Command('queue').description('use the durable queues of a running cluster').addHelpText(
    'after',
    `
A queue is created by its first message. A message that was taken is delivered again unless it is acknowledged before
its lease ends. Exits with 1 when there is no message, or the lease is lost.

Examples:
  echo '{"prompt":"hi"}' | drover queue put jobs --id job-1
  drover queue take jobs --wait 30s --lease 5m --json
  drover queue ack jobs job-1 LEASE`,
  );
  const commands = [
    listCommand,
    putCommand,
    takeCommand,
    ackCommand,
    nackCommand,
    extendCommand,
    cancelCommand,
    deadCommand,
    replayCommand,
    removeCommand,
  ];
  for (const make of commands) command.addCommand(make(finish));
  return command;
}

function listCommand(finish: Finish): Command {
  return subcommand('ls', 'list the queues with their counts')
    .addHelpText('after', '\nExample:\n  drover queue ls --json')
    .action(async (flags: object) => {
      const { gateway, json } = await targetOf(flags);
      const queues = await listQueues(gateway);
      print(json ? JSON.stringify({ queues }) : queueLines(queues).join('\n'));
      finish(exitCodes.done);
    });
}

function putCommand(finish: Finish): Command {
  return subcommand('put', 'put a message into a queue')
    .argument('<queue>')
    .argument('[body]', 'JSON, or any other text; without it, or with -, stdin is read')
    .addOption(new Option('--id <id>', 'a second message of the id is not added'))
    .addOption(new Option('--priority <n>', '0 to 9, higher ones first (default: 0)').argParser(wholeNumber))
    .addOption(duration('--delay <duration>', 'time until the message can be taken'))
    .addOption(new Option('--max-attempts <n>', 'deliveries after which it is dead').argParser(wholeNumber))
    .addHelpText(
      'after',
      '\nText that is no JSON becomes a JSON string.\n\nExamples:\n  drover queue put jobs \'{"n":1}\' --priority 5\n  drover queue put jobs --delay 10m < job.json',
    )
    .action(
      async (queue: string, given: string | undefined, flags: PutFields & { readonly delay?: number }) => {
        const { gateway, json } = await targetOf(flags);
        const text = given === undefined || given === '-' ? (await readStdin()).toString('utf8') : given;
        const { id, priority, delay, maxAttempts } = flags;
        const outcome = await putMessage(gateway, queue, jsonOf(text), {
          ...(id === undefined ? {} : { id }),
          ...(priority === undefined ? {} : { priority }),
          ...(delay === undefined ? {} : { delayMs: delay }),
          ...(maxAttempts === undefined ? {} : { maxAttempts }),
        });
        const note = outcome.duplicate === true ? ' was there already' : '';
        print(json ? JSON.stringify(outcome) : `${outcome.id}${note}`);
        finish(exitCodes.done);
      },
    );
}

function takeCommand(finish: Finish): Command {
  return subcommand('take', 'lease messages of a queue')
    .argument('<queue>')
    .addOption(new Option('--max <n>', 'most messages').argParser(wholeNumber).default(1))
    .addOption(duration('--wait <duration>', 'how long to wait for the first message').default(0))
    .addOption(duration('--lease <duration>', 'how long the messages are leased'))
    .addHelpText('after', '\nExample:\n  drover queue take jobs --wait 30s --lease 5m --json')
    .action(
      async (
        queue: string,
        flags: { readonly max: number; readonly wait: number; readonly lease?: number },
      ) => {
        const { gateway, json } = await targetOf(flags);
        const { max, wait: waitMs, lease: leaseMs } = flags;
        const wanted = { max, waitMs, ...(leaseMs === undefined ? {} : { leaseMs }) };
        const messages = await takeMessages(gateway, queue, wanted);
        if (json) print(JSON.stringify({ messages }));
        else if (messages.length > 0) print(takenLines(messages).join('\n'));
        finish(messages.length > 0 ? exitCodes.done : exitCodes.no);
      },
    );
}

function ackCommand(finish: Finish): Command {
  return settling('ack', 'remove a message that is done')
    .addHelpText('after', '\nExample:\n  drover queue ack jobs job-1 LEASE')
    .action(async (queue: string, id: string, lease: string | undefined, flags: object) => {
      const { gateway, json } = await targetOf(flags);
      await settleMessage(gateway, queue, 'ack', id, { lease: await leaseOf(lease) });
      if (json) print(JSON.stringify({ id }));
      finish(exitCodes.done);
    });
}

function nackCommand(finish: Finish): Command {
  return settling('nack', 'give a message back')
    .addOption(duration('--delay <duration>', 'time until it is delivered again (default: grows each time)'))
    .addOption(new Option('--reason <text>', 'kept with the message if it is dead now'))
    .addHelpText('after', '\nExample:\n  drover queue nack jobs job-1 LEASE --delay 1m --reason "no GPU"')
    .action(
      async (
        queue: string,
        id: string,
        lease: string | undefined,
        flags: { readonly delay?: number; readonly reason?: string },
      ) => {
        const { gateway, json } = await targetOf(flags);
        const { delay: delayMs, reason } = flags;
        await settleMessage(gateway, queue, 'nack', id, { lease: await leaseOf(lease), delayMs, reason });
        if (json) print(JSON.stringify({ id }));
        finish(exitCodes.done);
      },
    );
}

function extendCommand(finish: Finish): Command {
  return settling('extend', 'keep a message for longer')
    .addOption(duration('--lease <duration>', 'how long from now on (default: that of the gateway)'))
    .addHelpText('after', '\nExample:\n  drover queue extend jobs job-1 LEASE --lease 10m')
    .action(
      async (queue: string, id: string, lease: string | undefined, flags: { readonly lease?: number }) => {
        const { gateway, json } = await targetOf(flags);
        await settleMessage(gateway, queue, 'extend', id, {
          lease: await leaseOf(lease),
          leaseMs: flags.lease,
        });
        if (json) print(JSON.stringify({ id }));
        finish(exitCodes.done);
      },
    );
}

function cancelCommand(finish: Finish): Command {
  return subcommand('cancel', 'remove a message in whatever state it is')
    .argument('<queue>')
    .argument('<id>')
    .addHelpText('after', '\nExample:\n  drover queue cancel jobs job-1')
    .action(async (queue: string, id: string, flags: object) => {
      const { gateway, json } = await targetOf(flags);
      await cancelMessage(gateway, queue, id);
      if (json) print(JSON.stringify({ id }));
      finish(exitCodes.done);
    });
}

function deadCommand(finish: Finish): Command {
  return subcommand('dead', 'list the messages that are delivered no more')
    .argument('<queue>')
    .addOption(new Option('--limit <n>', 'most messages').argParser(wholeNumber).default(100))
    .addHelpText('after', '\nExample:\n  drover queue dead jobs --limit 10')
    .action(async (queue: string, flags: { readonly limit: number }) => {
      const { gateway, json } = await targetOf(flags);
      if (flags.limit === 0) throw badConfiguration('--limit', 'must be at least 1');
      const messages = await listDead(gateway, queue, flags.limit);
      if (json) print(JSON.stringify({ messages }));
      else if (messages.length > 0) print(deadLines(messages).join('\n'));
      finish(exitCodes.done);
    });
}

function replayCommand(finish: Finish): Command {
  return subcommand('replay', 'deliver dead messages again: those that are named, or all')
    .argument('<queue>')
    .argument('[id...]')
    .addHelpText('after', '\nExample:\n  drover queue replay jobs job-1 job-2')
    .action(async (queue: string, ids: readonly string[], flags: object) => {
      const { gateway, json } = await targetOf(flags);
      const replayed = await replayDead(gateway, queue, ids);
      print(json ? JSON.stringify({ replayed }) : `${replayed} replayed`);
      finish(ids.length > replayed ? exitCodes.no : exitCodes.done);
    });
}

function removeCommand(finish: Finish): Command {
  return subcommand('rm', 'remove an empty queue')
    .argument('<queue>')
    .addOption(new Option('--discard-messages', 'also when it has messages'))
    .addHelpText('after', '\nExample:\n  drover queue rm jobs --discard-messages')
    .action(async (queue: string, flags: { readonly discardMessages?: boolean }) => {
      const { gateway, json } = await targetOf(flags);
      await removeQueue(gateway, queue, flags.discardMessages === true);
      if (json) print(JSON.stringify({ queue }));
      finish(exitCodes.done);
    });
}

function subcommand(name: string, description: string): Command {
  return addSettingsNamed(new Command(name).description(description), [
    'url',
    'key',
    'data',
    'config',
    'json',
  ]);
}

function settling(name: string, description: string): Command {
  return subcommand(name, description)
    .argument('<queue>')
    .argument('<id>')
    .argument('[lease]', 'token of the lease; without it, or with -, stdin is read');
}

function duration(flags: string, description: string): Option {
  return new Option(flags, `${description}, such as 30s`).argParser((text: string) => {
    const ms = readDuration(text);
    if (typeof ms !== 'number') throw new InvalidOption('It must be a duration such as 500ms, 30s or 10m.');
    return ms;
  });
}

async function targetOf(flags: object): Promise<Target> {
  // The commands have flags of these names that are no settings.
  const { lease: _lease, delay: _delay, ...others } = flags as Record<string, unknown>;
  const stated = await settingsFor('look', others);
  return { gateway: findGateway(stated, process.env), json: stated.isOn('json') };
}

async function leaseOf(given: string | undefined): Promise<string> {
  return given === undefined || given === '-' ? (await readStdin()).toString('utf8').trim() : given;
}

/** The text where it is JSON; any other text as a JSON string. */
function jsonOf(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
