import { expect, it } from 'vitest';
import { productVersion } from '../product-version.ts';
import { resolveSettings } from '../settings/resolve-settings.ts';
import { nodeMetadata } from './node-metadata.ts';

const version = productVersion();
const metadata = (flags: Record<string, string[]>, known?: Record<string, number>) =>
  nodeMetadata(resolveSettings('host', flags, {}), known);

it('states the version alone where nothing is set', () => {
  expect(metadata({})).toEqual({ version });
});

it('states zone and capacity; a capacity that is set replaces the one that the role knows', () => {
  expect(
    metadata({ zone: ['rack-1'], capacity: ['vram-gib=24', 'slots=8'] }, { slots: 1, ollamas: 2 }),
  ).toEqual({ version, zone: 'rack-1', capacity: { 'vram-gib': 24, slots: 8, ollamas: 2 } });
});

it('refuses a capacity without a number and an empty zone, naming the setting', () => {
  expect(() => metadata({ capacity: ['slots'] })).toThrow('--capacity must be a name and a number');
  expect(() => metadata({ capacity: ['slots=-1'] })).toThrow('--capacity must be a name and a number');
  expect(() => metadata({ zone: ['z'.repeat(65)] })).toThrow('--zone must have 1 to 64 characters');
});
