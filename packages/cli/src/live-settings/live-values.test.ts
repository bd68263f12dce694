import { expect, it } from 'vitest';
import { packageDefaults } from '../settings/package-configs.ts';
import { liveSettings, readLiveValues } from './live-values.ts';

it('sorts the values by package, in the units of the packages', () => {
  const texts = new Map([
    ['request-timeout', '5m'],
    ['max-queue', '7'],
    ['origin', 'https://a.example,https://b.example'],
    ['log-level', 'debug'],
  ]);
  expect(readLiveValues(texts)).toEqual({
    packages: {
      gateway: { requestTimeoutMs: 300_000, origins: ['https://a.example', 'https://b.example'] },
      fleet: { requestTimeoutMs: 300_000 },
      'node-agent': { maxQueue: 7 },
    },
    logLevel: 'debug',
    problems: [],
  });
});

it('leaves out what is no live setting and what cannot be read, each with the reason', () => {
  const { packages, problems } = readLiveValues(
    new Map([
      ['port', '80'],
      ['max-queue', 'many'],
      ['max-streams', '9'],
    ]),
  );
  expect(packages).toEqual({ gateway: { maxConcurrentRequests: 9 } });
  expect(problems.map(({ key }) => key)).toEqual(['port', 'max-queue']);
});

it('marks only settings as live whose fields the packages can change', async () => {
  const live: Record<string, readonly string[]> = {
    gateway: (await import('@drover/gateway')).liveFields,
    fleet: (await import('@drover/fleet')).liveFields,
    'node-agent': (await import('@drover/node-agent')).liveFields,
    agents: (await import('@drover/agents')).liveFields,
    // The sizes of the memory are those of its buckets and its cache.
    memory: [],
  };
  const marked = liveSettings.flatMap(({ fields = [] }) => fields).toSorted();
  const changeable = Object.entries(live).flatMap(([owner, fields]) =>
    fields.map((field) => `${owner}.${field}`),
  );
  expect(marked).toEqual(changeable.toSorted());
  expect(Object.keys(live).toSorted()).toEqual(Object.keys(packageDefaults).toSorted());
});
