import type { Logger } from '@drover/actor-core';
import { anyToken, type LocalNode } from '@drover/actor-core/cluster';
import { encodeSettings, type SettingTexts } from './settings-answer.ts';
import type { SettingsStore } from './settings-store.ts';

/** Queue group of the hosts: one of them answers each question. */
const answerers = 'settings';
/** Questions that are answered at the same time; further ones are not answered. */
const maxQuestions = 64;

/**
 * Tells the settings of the cluster to nodes that may not read the store. Runs on hosts.
 *
 * @returns the function that ends it
 */
export function serveSettings(
  { transport, subjects }: Pick<LocalNode, 'transport' | 'subjects'>,
  store: SettingsStore,
  log: Logger,
): () => void {
  let running = 0;
  const answer = async (respond: (payload: Uint8Array) => void): Promise<void> => {
    running += 1;
    try {
      respond(encodeSettings(await settingsIn(store)));
    } catch (err) {
      log.debug({ err }, 'could not read the settings of the cluster for another node');
      respond(encodeSettings(undefined));
    } finally {
      running -= 1;
    }
  };
  const subscription = transport.subscribe(
    subjects.settingsQuestion(anyToken),
    ({ respond }) => {
      if (respond !== undefined && running < maxQuestions) void answer(respond);
    },
    { queue: answerers },
  );
  return () => subscription.unsubscribe();
}

async function settingsIn(store: SettingsStore): Promise<SettingTexts> {
  return new Map((await store.list()).map(({ key, value }) => [key, value]));
}
