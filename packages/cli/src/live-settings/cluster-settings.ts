import { InvalidArgumentError } from '@drover/actor-core';
import type { ClusterSettings } from '@drover/gateway';
import { requireFitting } from '../settings/package-configs.ts';
import { readValue } from '../settings/value-text.ts';
import { liveSettingNamed, liveSettings, readLiveValues } from './live-values.ts';
import type { SettingsStore } from './settings-store.ts';

/** The settings of the cluster for the routes of a gateway: checked here, before they are stored. */
export function clusterSettings(store: SettingsStore): ClusterSettings {
  return {
    keys: liveSettings.map(({ key }) => key),
    list: () => store.list(),
    async set(key, text) {
      const setting = liveSettingNamed(key);
      if (setting === undefined) throw new InvalidArgumentError(key, 'cannot change while the cluster runs');
      const read = readValue(setting, [text]);
      if ('problem' in read) throw new InvalidArgumentError(key, read.problem);
      const texts = new Map((await store.list()).map((kept) => [kept.key, kept.value]));
      requireFitting(readLiveValues(texts.set(key, text)).packages);
      return store.set(key, text);
    },
    unset: (key) => store.unset(key),
  };
}
