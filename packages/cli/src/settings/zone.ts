import { badConfiguration } from '../errors.ts';
import type { StatedSettings } from './resolve-settings.ts';

const maxTextLength = 64;

/** The setting `zone`. @throws CommandError `bad-configuration` */
export function zoneOf(stated: StatedSettings): string | undefined {
  const zone = stated.text('zone')?.trim();
  if (zone === undefined) return undefined;
  if (zone === '' || zone.length > maxTextLength)
    throw badConfiguration(nameOf(stated, 'zone'), `must have 1 to ${maxTextLength} characters`);
  return zone;
}

/** The setting as it was written, for an error. */
export function nameOf(stated: StatedSettings, key: string): string {
  const one = stated.stated(key);
  return one === undefined ? `--${key}` : stated.nameOf(one.setting);
}
