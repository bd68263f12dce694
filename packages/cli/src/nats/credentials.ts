import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Permissions } from '@drover/actor-core/cluster';
import {
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  fromSeed,
  type KeyPair,
} from '@nats-io/jwt';

/**
 * Who may do what on the NATS that `drover up` runs, in operator mode: operator → account → user.
 *
 * The operator's and the accounts' identity keys live in the data folder (0600), because JetStream keeps its
 * files under the account's public key. Users are never signed with them: each run makes a new signing key and
 * names it alone in the account's JWT, so that credentials of an earlier run are worth nothing.
 */
export interface Authority {
  readonly operatorJwt: string;
  readonly systemAccount: AccountClaims;
  readonly account: AccountClaims;
  /** Signs this run's users; handed to processes on this machine that join, through the cluster file. */
  readonly signingSeed: string;
}

interface AccountClaims {
  readonly publicKey: string;
  readonly jwt: string;
}

/** What is needed to mint users of a run. */
export interface UserIssuer {
  readonly accountPublicKey: string;
  readonly signingSeed: string;
}

interface IdentitySeeds {
  readonly operator: string;
  readonly systemAccount: string;
  readonly account: string;
}

const unlimited = -1;

/** Loads or makes the identity keys of a data folder, and makes this run's authority. */
export async function createAuthority(dataDir: string): Promise<Authority> {
  const seeds = loadSeeds(dataDir) ?? saveSeeds(dataDir, newSeeds());
  const operator = keyOf(seeds.operator);
  const system = keyOf(seeds.systemAccount);
  const account = keyOf(seeds.account);
  const signing = createAccount();
  const operatorJwt = await encodeOperator('drover', operator, { system_account: system.getPublicKey() });
  const limits = {
    conn: unlimited,
    subs: unlimited,
    data: unlimited,
    payload: unlimited,
    imports: unlimited,
    exports: unlimited,
    wildcards: true,
    leaf: 0,
  };
  const systemJwt = await encodeAccount('SYS', system, { limits }, { signer: operator });
  const jetStream = {
    mem_storage: unlimited,
    disk_storage: unlimited,
    streams: unlimited,
    consumer: unlimited,
  };
  const accountJwt = await encodeAccount(
    'DROVER',
    account,
    { limits: { ...limits, ...jetStream }, signing_keys: [signing.getPublicKey()] },
    { signer: operator },
  );
  return {
    operatorJwt,
    systemAccount: { publicKey: system.getPublicKey(), jwt: systemJwt },
    account: { publicKey: account.getPublicKey(), jwt: accountJwt },
    signingSeed: textOf(signing.getSeed()),
  };
}

/** Credentials (`.creds` text) of one node, allowed exactly `permissions`. */
export async function mintUser(issuer: UserIssuer, name: string, permissions: Permissions): Promise<string> {
  const user = createUser();
  const claims = {
    pub: allow(permissions.publish),
    sub: allow(permissions.subscribe),
    subs: unlimited,
    data: unlimited,
    payload: unlimited,
    issuer_account: issuer.accountPublicKey,
  };
  const token = await encodeUser(name, user, keyOf(issuer.signingSeed), claims);
  return textOf(fmtCreds(token, user));
}

/** NATS reads an empty list as "everything", so nothing is said as a denial of everything. */
function allow(subjects: readonly string[]): { allow: string[]; deny: string[] } {
  return subjects.length === 0 ? { allow: [], deny: ['>'] } : { allow: [...subjects], deny: [] };
}

function newSeeds(): IdentitySeeds {
  return {
    operator: textOf(createOperator().getSeed()),
    systemAccount: textOf(createAccount().getSeed()),
    account: textOf(createAccount().getSeed()),
  };
}

function loadSeeds(dataDir: string): IdentitySeeds | undefined {
  let text: string;
  try {
    text = readFileSync(seedsPath(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as IdentitySeeds;
}

function saveSeeds(dataDir: string, seeds: IdentitySeeds): IdentitySeeds {
  const path = seedsPath(dataDir);
  writeFileSync(`${path}.new`, JSON.stringify(seeds), { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
  return seeds;
}

function seedsPath(dataDir: string): string {
  return join(dataDir, 'nats-keys.json');
}

function keyOf(seed: string): KeyPair {
  return fromSeed(new TextEncoder().encode(seed));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
