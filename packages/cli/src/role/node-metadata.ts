import type { JoinClusterOptions } from '@drover/actor-core/cluster';
import { badConfiguration } from '../errors.ts';
import { productVersion } from '../product-version.ts';
import type { StatedSettings } from '../settings/resolve-settings.ts';
import { nameOf, zoneOf } from '../settings/zone.ts';

/** Facts about a node that it states when it joins. */
export type NodeMetadata = NonNullable<JoinClusterOptions['metadata']>;

const maxCapacities = 16;
const capacityPattern = /^([a-z0-9][a-z0-9_.-]{0,63})=(\d+(?:\.\d+)?)$/;

/**
 * The version of this program with the settings `zone` and `capacity`.
 *
 * @param known capacity that the role knows by itself; the setting has precedence
 * @throws CommandError `bad-configuration` naming the setting
 */
export function nodeMetadata(
  stated: StatedSettings,
  known: Readonly<Record<string, number>> = {},
): NodeMetadata {
  const zone = zoneOf(stated);
  const capacity = { ...known, ...capacityOf(stated) };
  return {
    version: productVersion(),
    ...(zone !== undefined && { zone }),
    ...(Object.keys(capacity).length > 0 && { capacity }),
  };
}

function capacityOf(stated: StatedSettings): Readonly<Record<string, number>> {
  const capacity: Record<string, number> = {};
  for (const text of stated.list('capacity') ?? []) {
    const [, name = '', amount] = capacityPattern.exec(text.trim()) ?? [];
    if (amount === undefined)
      throw badConfiguration(
        nameOf(stated, 'capacity'),
        `must be a name and a number, such as vram-gib=24, got ${JSON.stringify(text)}`,
      );
    capacity[name] = Number(amount);
  }
  if (Object.keys(capacity).length > maxCapacities)
    throw badConfiguration(nameOf(stated, 'capacity'), `may be given ${maxCapacities} times at most`);
  return capacity;
}
