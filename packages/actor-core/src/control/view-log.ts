import type { Timer } from '../clock.ts';
import type { LocalNode } from '../membership/local-node.ts';
import { decodeView } from '../membership/view/view-codec.ts';
import type { View } from '../membership/view/view.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { type LogWatch, watchLog } from '../storage/log/watch-log.ts';
import { controlGroup, controlStream } from '../transport/subjects.ts';

/** Pause before another attempt to watch a log that does not exist yet or cannot be reached. */
const retryMs = 500;

export interface ViewLogOptions {
  /** The newest view. `isOtherLog`: the first one after the log was lost. */
  readonly onView: (view: View, isOtherLog: boolean) => void;
  /** The log was replaced or rolled back. */
  readonly onLost: () => void;
}

/**
 * The views in the log of the control group, as they are written. Of the views that are there at the start only the
 * newest is reported.
 */
export class ViewLog {
  readonly #node: LocalNode;
  readonly #options: ViewLogOptions;
  #watch: LogWatch | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #newest: View | undefined = undefined;
  #isCaughtUp = false;
  /** The log was replaced or rolled back, and nothing of it was reported yet. */
  #isOtherLog = false;
  #isClosed = false;

  constructor(node: LocalNode, options: ViewLogOptions) {
    this.#node = node;
    this.#options = options;
    void this.#begin();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#watch?.close();
  }

  /**
   * The leader announces another view than the log has shown for long: the log may have lost views, and grown again
   * before the watch looked. Reports what is announced if the log holds it. Never rejects.
   */
  async lookAgain({ fence, epoch }: Pick<View, 'fence' | 'epoch'>): Promise<void> {
    const { storage, subjects, log } = this.#node;
    const name = controlStream(subjects.cell, controlGroup);
    const newest = this.#newest;
    try {
      const record = await storage.log.readLast(name, subjects.control(controlGroup, 'view'));
      const view = record && decodeView(record.payload);
      if (this.#isClosed || view?.fence !== fence || view.epoch !== epoch) return;
      // What the watch has reported meanwhile is newer than what was read.
      if (this.#newest !== newest) return;
      log.warn({ fence, epoch }, 'the log of the control group has lost views; taking the one that it holds');
      this.#options.onView(view, true);
    } catch (err) {
      log.debug({ err }, 'the log of the control group cannot be read');
    }
  }

  async #begin(): Promise<void> {
    const { storage, subjects, clock, log } = this.#node;
    try {
      const watch = await watchLog({
        log: storage.log,
        name: controlStream(subjects.cell, controlGroup),
        clock,
        filter: subjects.control(controlGroup, 'view'),
        onRecord: (record) => this.#take(record),
        onCaughtUp: () => this.#caughtUp(),
        onReset: (reason) => {
          log.warn({ reason }, 'the log of the control group begins again');
          this.#isCaughtUp = false;
          this.#isOtherLog = true;
          this.#newest = undefined;
          this.#options.onLost();
        },
      });
      if (this.#isClosed) watch.close();
      else this.#watch = watch;
    } catch (err) {
      log.debug({ err }, 'the log of the control group cannot be watched yet');
      if (!this.#isClosed) this.#timer = clock.setTimer(retryMs, () => void this.#begin());
    }
  }

  #take(record: LogRecord): void {
    const view = decodeView(record.payload);
    if (view === undefined) {
      this.#node.log.error({ sequence: record.sequence }, 'a record of the view cannot be read');
      return;
    }
    this.#newest = view;
    if (this.#isCaughtUp) this.#reportNewest();
  }

  #caughtUp(): void {
    this.#isCaughtUp = true;
    this.#reportNewest();
  }

  #reportNewest(): void {
    if (this.#newest === undefined) return;
    this.#options.onView(this.#newest, this.#isOtherLog);
    this.#isOtherLog = false;
  }
}

/**
 * The newest view in the log, read by the leader at the begin of its tenure; undefined where there is none. The page
 * must cover the lead record: no earlier leader can write after that record, so nothing newer can appear.
 *
 * @throws StoreUnavailableError the log cannot be reached, or answers from a state before the lead record
 */
export async function readNewestView(
  { storage, subjects, clock }: Pick<LocalNode, 'storage' | 'subjects' | 'clock'>,
  fence: { readonly log: string; readonly sequence: number },
  signal: AbortSignal,
): Promise<View | undefined> {
  const filter = subjects.control(controlGroup, 'view');
  let newest: View | undefined;
  let from = 1;
  while (!signal.aborted) {
    const page = await storage.log.readForward(fence.log, { from, filter });
    for (const record of page.records) newest = decodeView(record.payload) ?? newest;
    if (page.next > fence.sequence) return newest;
    // The server that answered lags behind.
    if (page.next === from) await new Promise<void>((resolve) => clock.setTimer(retryMs / 10, resolve));
    from = page.next;
  }
  return newest;
}
