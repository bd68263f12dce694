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
 * Authorisation on the NATS that `drover up` runs, in operator mode: operator → account → user.
 *
 * The identity keys of the operator and the accounts stay in the data folder (0600), because JetStream stores its
 * files under the public key of the account. They never sign users: each run makes a new signing key, and the JWT of
 * the account names only that key, so that credentials of earlier runs are not valid.
 */
export interface Authority {
  readonly operatorJwt: string;
  readonly systemAccount: AccountClaims;
  readonly account: AccountClaims;
  /**
   * Seed of the key that signs the users of this run. Processes on this machine that join read it from the cluster
   * file.
   */
  readonly signingSeed: string;
}

interface AccountClaims {
  readonly publicKey: string;
  readonly jwt: string;
}

/** Keys that are needed to make users of a run. */
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

/** Loads or makes the identity keys of a data folder, and makes the keys and JWTs of this run. */
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

/** Makes a user for one node that has exactly `permissions`. Returns the text of a `.creds` file. */
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

/** NATS reads an empty list as permission for every subject, so an empty list becomes a denial of every subject. */
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
