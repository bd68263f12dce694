import type { LocalNode } from '@drover/actor-core/cluster';
import { applySettings, type SettingsFollower } from './follow-settings.ts';
import { decodeSettings, type SettingTexts } from './settings-answer.ts';

/** What asks for the settings needs of its process. */
export interface SettingsAsker extends Pick<SettingsFollower, 'clock' | 'log' | 'apply'> {
  readonly node: Pick<LocalNode, 'transport' | 'subjects' | 'nodeId'>;
}

const answerTimeoutMs = 2_000;
/** Time between two questions while no host answers. */
const retryMs = 2_000;
/** Time between two questions while nothing is announced: an announcement may be lost. */
const repeatMs = 30_000;

/**
 * Applies the settings that the cluster keeps, now and after every change, on a node that may not read the store: asks
 * a host when the node starts, when NATS announces a change, after a reconnect, and every 30 s. While no host answers,
 * the process keeps the last values.
 *
 * @returns the function that ends it
 */
export function askForSettings(asker: SettingsAsker): () => void {
  const asking = new Asking(asker);
  asking.ask();
  return () => asking.end();
}

class Asking {
  readonly #asker: SettingsAsker;
  readonly #ends: (() => void)[];
  #applied: string | undefined;
  #timer: { cancel(): void } | undefined;
  #isAsking = false;
  /** Something changed while a question was on its way. */
  #isOutdated = false;
  #hasEnded = false;

  constructor(asker: SettingsAsker) {
    this.#asker = asker;
    const { transport, subjects } = asker.node;
    const announcements = transport.subscribe(`${subjects.feed('settings')}.>`, () => this.ask());
    this.#ends = [
      () => announcements.unsubscribe(),
      transport.onConnectionChange((connected) => {
        if (connected) this.ask();
      }),
    ];
  }

  ask(): void {
    if (this.#hasEnded) return;
    if (this.#isAsking) {
      this.#isOutdated = true;
      return;
    }
    this.#isAsking = true;
    this.#isOutdated = false;
    this.#timer?.cancel();
    void this.#answer().then((settings) => this.#take(settings));
  }

  end(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    for (const end of this.#ends) end();
  }

  async #answer(): Promise<SettingTexts | undefined> {
    const { log, node } = this.#asker;
    const { transport, subjects, nodeId } = node;
    try {
      const options = { timeoutMs: answerTimeoutMs };
      return decodeSettings(
        await transport.request(subjects.settingsQuestion(nodeId), new Uint8Array(0), options),
      );
    } catch (err) {
      log.debug({ err }, 'no host tells the settings of the cluster yet');
      return undefined;
    }
  }

  #take(settings: SettingTexts | undefined): void {
    this.#isAsking = false;
    if (this.#hasEnded) return;
    if (settings !== undefined) this.#apply(settings);
    if (this.#isOutdated) return this.ask();
    const { clock } = this.#asker;
    this.#timer = clock.setTimer(settings === undefined ? retryMs : repeatMs, () => this.ask());
  }

  #apply(settings: SettingTexts): void {
    const text = JSON.stringify([...settings]);
    if (text === this.#applied) return;
    this.#applied = text;
    applySettings(settings, this.#asker);
  }
}
