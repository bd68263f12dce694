import {
  accessKeyText,
  type KeyRecord,
  type KeyRole,
  keyView,
  newAccessKey,
  roleNames,
} from '@drover/gateway/keys';
import { Command, InvalidArgumentError as InvalidOption, Option } from 'commander';
import { readClusterFile } from '../cluster/cluster-file.ts';
import { type ExitCode, exitCodes } from '../errors.ts';
import { dataDirOf, findGateway, type GatewayAddress } from '../gateway-client/gateway-address.ts';
import {
  createKeyAt,
  type IssuedKeyView,
  type KeyView,
  limitKeyAt,
  listKeys,
  revokeKeyAt,
  rotateKeyAt,
} from '../gateway-client/key-api.ts';
import { writeLocalKey } from '../keys/keys-file.ts';
import { localKeyName, type OfflineKey, OfflineKeys } from '../keys/offline-keys.ts';
import { keyLines } from '../output/key-text.ts';
import { readDuration } from '../settings/value-text.ts';
import { settingsFor } from './options.ts';
import { keyLimitCommand } from './key-limit-command.ts';
import { looking, print } from './look-target.ts';

type Finish = (code: ExitCode) => void;

/** Where the keys are changed. */
interface KeyTarget {
  readonly isJson: boolean;
  /** The gateway, or the data folder of a cluster that does not run. */
  readonly place:
    | { readonly gateway: GatewayAddress }
    | { readonly offline: OfflineKeys; readonly dataDir: string };
  /** Data folder of the gateway, where it is on this machine. */
  readonly localDir: string | undefined;
}

interface CreateFlags {
  readonly name?: string;
  readonly role?: readonly KeyRole[];
  readonly tenant?: string;
  readonly model?: readonly string[];
  readonly route?: readonly string[];
  readonly expires?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrentRequests?: number;
  readonly tokensPerDay?: number;
  readonly tokensPerMonth?: number;
}

export function keyCommand(finish: Finish): Command {
  const command = new Command('key')
    .description('make, list, renew, limit and revoke the keys of clients')
    .addHelpText(
      'after',
      `
Once a key exists, every gateway of the cluster asks for one, on loopback too. Works without a running cluster: the keys
are then kept in the data folder, and the next drover up takes them over. KEY is an id, or a name that one key has.

Examples:
  drover key create --name ci --model 'llama3*' --expires 90d
  drover key create --role operator --data /srv/drover
  drover key rotate ci --grace 1h
  drover key limit ci --requests-per-minute 60
  drover key revoke ci`,
    );
  for (const make of [createCommand, listCommand, rotateCommand, limitCommand, revokeCommand])
    command.addCommand(make(finish));
  return command;
}

function createCommand(finish: Finish): Command {
  return looking(new Command('create').description('make a key; its text is shown once, on stdout'))
    .addOption(new Option('--name <text>', 'for people; also names the key in other commands'))
    .addOption(
      new Option(
        '--role <role>',
        `${roleNames.join(', ')}; may be given several times (default: user)`,
      ).argParser(role),
    )
    .addOption(
      new Option('--tenant <name>', 'owner of the memory, queues and agents of the key (default: default)'),
    )
    .addOption(
      new Option('--model <pattern>', 'only for these models; * is any text; several times').argParser(
        oneMore,
      ),
    )
    .addOption(
      new Option(
        '--route <pattern>',
        "only for these routes, such as '/v1/*' or 'GET /api/tags'; several times",
      ).argParser(oneMore),
    )
    .addOption(
      new Option('--expires <duration>', 'time until the key ends, such as 90d (default: never)').argParser(
        duration,
      ),
    )
    .addOption(
      new Option('--requests-per-minute <n>', 'most requests to models in any minute').argParser(count),
    )
    .addOption(
      new Option('--tokens-per-minute <n>', 'most tokens of prompts and answers in any minute').argParser(
        count,
      ),
    )
    .addOption(
      new Option('--concurrent-requests <n>', 'most requests to models at the same time').argParser(count),
    )
    .addOption(new Option('--tokens-per-day <n>', 'most tokens on one day of UTC').argParser(count))
    .addOption(new Option('--tokens-per-month <n>', 'most tokens in one month of UTC').argParser(count))
    .addHelpText(
      'after',
      "\nExample:\n  drover key create --name ci --model 'llama3*' --expires 90d > ci.key",
    )
    .action(async (flags: CreateFlags) => {
      const target = await targetOf(flags);
      const created = await create(target, flags);
      printIssued(target, created);
      finish(exitCodes.done);
    });
}

function listCommand(finish: Finish): Command {
  return looking(new Command('ls').description('list all keys, without their secrets'))
    .addHelpText(
      'after',
      '\nExample:\n  drover key ls --json | jq \'.[] | select(.state == "active") | .name\'',
    )
    .action(async (flags: object) => {
      const { place, isJson } = await targetOf(flags);
      const keys = 'gateway' in place ? await listKeys(place.gateway) : place.offline.list().map(viewOf);
      print(isJson, keys, () => keyLines(keys));
      finish(exitCodes.done);
    });
}

function rotateCommand(finish: Finish): Command {
  return looking(
    new Command('rotate').description('give a key a new secret; its text is shown once, on stdout'),
  )
    .argument('<key>')
    .addOption(
      new Option('--grace <duration>', 'how long the old secret works too (default: 0)').argParser(duration),
    )
    .addHelpText('after', '\nExample:\n  drover key rotate ci --grace 1h')
    .action(async (key: string, flags: { readonly grace?: number }) => {
      const target = await targetOf(flags);
      const { place } = target;
      const graceMs = flags.grace ?? 0;
      const rotated =
        'gateway' in place
          ? await rotateKeyAt(place.gateway, key, graceMs)
          : issuedOf(place.offline.rotate(key, graceMs, Date.now()));
      // The commands of this machine go on with the new secret.
      if (rotated.name === localKeyName && target.localDir !== undefined)
        writeLocalKey(target.localDir, rotated.key);
      printIssued(target, rotated);
      finish(exitCodes.done);
    });
}

function limitCommand(finish: Finish): Command {
  const command = keyLimitCommand(async (key, changes, flags) => {
    const { place, isJson } = await targetOf(flags);
    const limited =
      'gateway' in place
        ? await limitKeyAt(place.gateway, key, changes)
        : viewOf(place.offline.limit(key, changes, Date.now()));
    print(isJson, limited, () => keyLines([limited]));
    finish(exitCodes.done);
  });
  return looking(command);
}

function revokeCommand(finish: Finish): Command {
  return looking(new Command('revoke').description('refuse a key from now on, for ever'))
    .argument('<key>')
    .addHelpText('after', '\nExample:\n  drover key revoke ci')
    .action(async (key: string, flags: object) => {
      const { place, isJson } = await targetOf(flags);
      const revoked =
        'gateway' in place
          ? await revokeKeyAt(place.gateway, key)
          : viewOf(place.offline.revoke(key, Date.now()));
      print(isJson, revoked, () => [`${revoked.id} is revoked`]);
      finish(exitCodes.done);
    });
}

/**
 * The gateway that was named or that runs with the data folder, else the data folder itself.
 *
 * @throws CommandError as `findGateway`
 */
async function targetOf(flags: object): Promise<KeyTarget> {
  const stated = await settingsFor('look', flags);
  const isJson = stated.isOn('json');
  const dataDir = dataDirOf(stated, process.env);
  const cluster = readClusterFile(dataDir);
  if (stated.stated('url') === undefined && cluster === undefined)
    return { isJson, place: { offline: new OfflineKeys(dataDir), dataDir }, localDir: dataDir };
  const gateway = findGateway(stated, process.env);
  const isLocal = cluster !== undefined && new URL(cluster.gatewayUrl).origin === originOf(gateway.url);
  return { isJson, place: { gateway }, localDir: isLocal ? dataDir : undefined };
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

async function create({ place, localDir }: KeyTarget, flags: CreateFlags): Promise<IssuedKeyView> {
  const { name, role: roles, tenant, model: models, route: routes, expires: expiresInMs } = flags;
  const { requestsPerMinute, tokensPerMinute, concurrentRequests, tokensPerDay, tokensPerMonth } = flags;
  const limits = { requestsPerMinute, tokensPerMinute, concurrentRequests, tokensPerDay, tokensPerMonth };
  const spec = { name, roles, tenant, models, routes, expiresInMs, ...limits };
  if ('offline' in place) return issuedOf(place.offline.create(spec, Date.now()));
  let { gateway } = place;
  // From the first key on, the commands of this machine need one too.
  if (localDir !== undefined && (await listKeys(gateway)).length === 0) {
    const key = newAccessKey();
    const text = accessKeyText(key);
    // Before the gateway has it: from then on only this key lets the commands of this machine in.
    writeLocalKey(localDir, text);
    await createKeyAt(gateway, { name: localKeyName, roles: ['admin'] }, key);
    gateway = { ...gateway, key: text };
  }
  return createKeyAt(gateway, spec);
}

/** The key alone on stdout, so that a script can take it; the rest on stderr. */
function printIssued({ isJson, place }: KeyTarget, issued: IssuedKeyView): void {
  if (isJson) return print(true, issued, () => []);
  process.stdout.write(`${issued.key}\n`);
  const { id, roles, tenant, expiresAt } = issued;
  const until = expiresAt === undefined ? '' : `, until ${expiresAt}`;
  process.stderr.write(
    `key ${id}: ${roles.join(', ')} of the tenant ${tenant}${until}; its text is not shown again\n`,
  );
  if ('offline' in place)
    process.stderr.write(`kept in ${place.dataDir}: the next drover up with this folder asks for keys\n`);
}

function issuedOf({ record, text }: OfflineKey): IssuedKeyView {
  return { ...viewOf(record), key: text };
}

/** A key of the data folder as a gateway would show it. */
function viewOf(record: KeyRecord): KeyView {
  return keyView(record, Date.now());
}

function role(text: string, before: readonly KeyRole[] = []): readonly KeyRole[] {
  const known = roleNames.find((name) => name === text);
  if (known === undefined) throw new InvalidOption(`It must be one of ${roleNames.join(', ')}.`);
  return [...before, known];
}

function oneMore(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function count(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidOption('It must be a whole number of at least 1.');
  return Number(text);
}

function duration(text: string): number {
  const ms = readDuration(text);
  if (ms === undefined || (ms !== 0 && ms < 1_000))
    throw new InvalidOption('It must be a duration of at least 1s, such as 90d.');
  return ms;
}
