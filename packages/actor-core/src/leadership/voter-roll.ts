import type { Timer } from '../clock.ts';
import type { LocalNode } from '../membership/local-node.ts';
import type { LogRecord } from '../storage/log/log.ts';
import { type LogWatch, watchLog } from '../storage/log/watch-log.ts';
import { controlGroup, controlStream } from '../transport/subjects.ts';
import { decodeVoters, encodeVoters, votersSubject } from './voters.ts';

const retryMs = 500;

/** The recorded voters of the cluster, as this node follows them. Records the first voters where there are none. */
export class VoterRoll {
  readonly #node: LocalNode;
  readonly #bootstrap: readonly string[];
  readonly #onChange: (voters: readonly string[]) => void;
  readonly #subject: string;
  readonly #log: string;
  #isRecorded = false;
  #watch: LogWatch | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #isClosed = false;

  constructor(node: LocalNode, bootstrap: readonly string[], onChange: (voters: readonly string[]) => void) {
    this.#node = node;
    this.#bootstrap = bootstrap;
    this.#onChange = onChange;
    this.#subject = votersSubject(node.subjects);
    this.#log = controlStream(node.subjects.cell, controlGroup);
  }

  /** Begins to follow; repeats that until the log of the control group exists. */
  async follow(): Promise<void> {
    const { storage, clock } = this.#node;
    try {
      const watch = await watchLog({
        log: storage.log,
        name: this.#log,
        clock,
        filter: this.#subject,
        onRecord: (record) => this.#take(record),
        onCaughtUp: () => void this.#maybeBootstrap(),
        onReset: () => {
          this.#isRecorded = false;
        },
      });
      if (this.#isClosed) watch.close();
      else this.#watch = watch;
    } catch {
      this.#again(() => void this.follow());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
    this.#timer?.cancel();
  }

  #take(record: LogRecord): void {
    this.#isRecorded = true;
    try {
      this.#onChange(decodeVoters(record));
    } catch (err) {
      this.#node.log.error({ subject: record.subject, err }, 'the record of the voters cannot be read');
    }
  }

  async #maybeBootstrap(): Promise<void> {
    const { storage, nodeId, log } = this.#node;
    if (this.#isClosed || this.#isRecorded || !this.#bootstrap.includes(nodeId)) return;
    const payload = encodeVoters(this.#bootstrap);
    const expect = { subject: this.#subject, sequence: 0 };
    try {
      const outcome = await storage.writer.write(this.#log, { subject: this.#subject, payload }, expect);
      if (outcome.kind === 'written') log.info({ voters: this.#bootstrap }, 'the first voters are recorded');
    } catch (err) {
      log.debug({ err }, 'the first voters are not recorded yet; retrying');
      this.#again(() => void this.#maybeBootstrap());
    }
  }

  #again(act: () => void): void {
    if (!this.#isClosed) this.#timer = this.#node.clock.setTimer(retryMs, act);
  }
}
