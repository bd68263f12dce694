import { expect, it } from 'vitest';
import { internalFields } from './internal-fields.ts';
import { packageDefaults, settingsOfField } from './package-configs.ts';
import { readValue, valueText } from './value-text.ts';
import { defaultOf } from './package-configs.ts';
import type { ConfigField } from './setting.ts';
import { settings } from './table.ts';

const fields = Object.entries(packageDefaults).flatMap(([owner, defaults]) =>
  Object.keys(defaults).map((name) => `${owner}.${name}` as ConfigField),
);

it.each(fields)('has one setting for %s, or a reason why it has none', (field) => {
  const reason = internalFields[field];
  const keys = settingsOfField(field).map(({ key }) => key);
  expect(
    [...keys, ...(reason === undefined ? [] : [reason])],
    `${field} needs a row or a reason`,
  ).toHaveLength(1);
});

it('names only fields that exist', () => {
  const named = [...settings.flatMap((setting) => setting.fields ?? []), ...Object.keys(internalFields)];
  expect(named.filter((field) => !fields.includes(field as ConfigField))).toEqual([
    // An option of joinCluster, which has no configuration table.
    'actor-core.connectTimeoutMs',
  ]);
});

it('has each key once, in the form of a flag', () => {
  const keys = settings.map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

it('has the flags that the contract promises', () => {
  const promised = [
    'request-timeout',
    'inter-token-timeout',
    'first-byte-timeout',
    'max-body',
    'max-streams',
    'origin',
    'allowed-host',
  ];
  expect(promised.filter((key) => !settings.some((setting) => setting.key === key))).toEqual([]);
});

it.each(
  settings
    .filter((setting) => defaultOf(setting) !== undefined)
    .map((setting) => [setting.key, setting] as const),
)('reads the default of %s back as the same value', (_, setting) => {
  const value = defaultOf(setting);
  expect(readValue(setting, [valueText(setting, value ?? '')])).toEqual({ value });
});
