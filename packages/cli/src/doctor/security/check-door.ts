import { bad, type Check, good } from '../check.ts';
import { askStatus } from './ask-status.ts';

const path = '/api/v1/status';
/** A made-up key: well formed, but never issued. */
const madeUpKey = `drover_${'0'.repeat(16)}_${'0'.repeat(43)}`;

export interface DoorFacts {
  /** Whether other machines can reach the gateway. */
  readonly isOpen: boolean;
  /** Status without a key, and with a made-up one; undefined without an answer. */
  readonly withoutKey: number | undefined;
  readonly withMadeUpKey: number | undefined;
  /** Undefined where they could not be read. */
  readonly keys: number | undefined;
}

/** Knocks at the gateway without a key, and with a wrong one. */
export async function checkDoor(url: string, facts: Pick<DoorFacts, 'isOpen' | 'keys'>): Promise<Check> {
  const [withoutKey, withMadeUpKey] = await Promise.all([
    askStatus(url, { method: 'GET', path }),
    askStatus(url, { method: 'GET', path, headers: { authorization: `Bearer ${madeUpKey}` } }),
  ]);
  return judgeDoor({ ...facts, withoutKey, withMadeUpKey });
}

/** Pure. */
export function judgeDoor({ isOpen, keys, withoutKey, withMadeUpKey }: DoorFacts): Check {
  const [isServed, isDeceived] = [withoutKey === 200, withMadeUpKey === 200];
  if (isOpen && isServed)
    return bad('door', 'other machines can reach the gateway, and it serves requests without a key');
  if (keys !== undefined && keys > 0 && (isServed || isDeceived)) {
    const what = isServed ? 'without a key' : 'with a key that nobody has';
    return bad('door', `the cluster has ${keys} keys, and this gateway serves requests ${what}`, restart);
  }
  if (isServed)
    return good('door', 'no key is asked for: only programs of this machine can reach the gateway');
  return good('door', 'a request without a key, and one with a key that nobody has, are refused');
}

const restart =
  'restart this gateway; it must follow the keys of the cluster ("drover doctor" shows why it does not)';
