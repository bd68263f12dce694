import type { KeyView } from '../../gateway-client/key-api.ts';
import { localKeyName } from '../../keys/offline-keys.ts';
import { printable } from '../../output/figures.ts';
import { bad, type Check, good } from '../check.ts';

/** Requests to models of each key, by its id. */
export interface KeyUse {
  readonly requests: ReadonlyMap<string, number>;
  /** Days that were looked at. */
  readonly days: number;
}

export interface KeyFacts {
  readonly keys: readonly KeyView[];
  /** Undefined where it could not be read whole: then no key is called unused. */
  readonly use: KeyUse | undefined;
  /** Whether other machines can reach the gateway. */
  readonly isOpen: boolean;
  readonly nowMs: number;
}

const dayMs = 24 * 3_600_000;
/** Age of a secret from which it should be replaced. */
const oldDays = 365;
/** Keys that are named in one finding. */
const maxNamed = 8;

interface Finding {
  readonly fits: (key: KeyView, facts: KeyFacts) => boolean;
  readonly what: string;
  readonly fix: string;
}

/** What is wrong with a key, each with what to do. */
const findings: readonly Finding[] = [
  {
    fits: ({ state }) => state === 'expired',
    what: 'expired, and their clients are answered 401',
    fix: '"drover key revoke KEY" where nobody needs it any more, else give its clients a new key',
  },
  {
    fits: (key, { nowMs }) => isActive(key) && ageDays(key.rotatedAt ?? key.createdAt, nowMs) >= oldDays,
    what: `older than ${oldDays} days`,
    fix: '"drover key rotate KEY --grace 24h" gives it a new secret, and its clients a day to change over',
  },
  {
    fits: (key, { use, nowMs }) =>
      isActive(key) &&
      use !== undefined &&
      asksModelsAlone(key) &&
      ageDays(key.createdAt, nowMs) >= use.days &&
      !use.requests.has(key.id),
    what: 'not used for a model for 90 days',
    fix: '"drover key revoke KEY" where nobody needs it any more',
  },
  {
    fits: (key, { use }) => isActive(key) && isAdmin(key) && (use?.requests.get(key.id) ?? 0) > 0,
    what: 'too broad: it may administer the cluster, and is used for requests to models',
    fix: 'give that client a key of its own: "drover key create --role user"',
  },
  {
    fits: (key) => isActive(key) && isAdmin(key) && key.expiresAt === undefined && key.name !== localKeyName,
    what: 'too broad: it may administer the cluster, and never expires',
    fix: '"drover key create --role admin --expires 90d", change over, and revoke this one',
  },
];

/** Judges the keys of the cluster. Pure. */
export function judgeKeys(facts: KeyFacts): readonly Check[] {
  const { keys, isOpen } = facts;
  const active = keys.filter(isActive);
  if (keys.length === 0)
    return isOpen
      ? [bad('keys', 'there is no key, and other machines can reach the gateway')]
      : [good('keys', 'there is none, and only this machine can reach the gateway')];
  const faults = findings.flatMap(({ fits, what, fix }) => {
    const found = keys.filter((key) => fits(key, facts));
    return found.length === 0 ? [] : [bad('keys', `${named(found)}: ${what}`, fix)];
  });
  if (faults.length > 0) return faults;
  const unknown = facts.use === undefined ? '; their use is not known' : '';
  return [good('keys', `${active.length} of ${keys.length} are active${unknown}`)];
}

function isActive({ state }: KeyView): boolean {
  return state === 'active';
}

function isAdmin({ roles }: KeyView): boolean {
  return roles.includes('admin');
}

/** Whether the ledger of usage shows every use of the key: the other roles do more than ask models. */
function asksModelsAlone({ roles }: KeyView): boolean {
  return roles.every((role) => role === 'user');
}

function ageDays(since: string, nowMs: number): number {
  return (nowMs - Date.parse(since)) / dayMs;
}

function named(keys: readonly KeyView[]): string {
  const names = keys
    .slice(0, maxNamed)
    .map(({ id, name }) => (name === '' ? id : `${id} (${printable(name)})`));
  return [...names, ...(keys.length > maxNamed ? [`${keys.length - maxNamed} more`] : [])].join(', ');
}
