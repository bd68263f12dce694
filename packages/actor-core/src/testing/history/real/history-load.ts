import { systemClock } from '../../../clock/system-clock.ts';
import { type HistoryClient, type HistoryPart, openClient, sleep, Tally } from './client.ts';
import { RegisterHistory } from './registers.ts';
import { TaskHistory } from './tasks.ts';

const connections = 3;
const workersPerPart = 3;
const pauseMs = 50;
const doneMs = 60_000;
const lookMs = 10;

/** Operations on a bucket and on a queue that run until they are stopped, and are checked then. */
export class HistoryLoad {
  readonly #clients: readonly HistoryClient[];
  readonly #parts: readonly { readonly part: HistoryPart; readonly tally: Tally }[];
  #workers: readonly Promise<void>[] = [];
  #isStopped = false;

  constructor(clients: readonly HistoryClient[]) {
    this.#clients = clients;
    this.#parts = [RegisterHistory, TaskHistory].map((Part) => {
      const tally = new Tally();
      return { part: new Part(tally), tally };
    });
  }

  static async start(urls: readonly string[]): Promise<HistoryLoad> {
    const numbers = Array.from({ length: connections }, (_, number) => number);
    const load = new HistoryLoad(await Promise.all(numbers.map((number) => openClient(urls, number))));
    await load.#begin();
    return load;
  }

  /** Waits until another operation of each kind has succeeded. Returns after how many milliseconds. */
  async untilDone(): Promise<number> {
    const sinceMs = systemClock.now();
    const before = this.#parts.map(({ tally }) => doneOf(tally));
    while (this.#parts.some(({ tally }, index) => doneOf(tally) === before[index])) {
      if (systemClock.now() - sinceMs > doneMs) throw new Error(`no operation succeeded within ${doneMs} ms`);
      await sleep(lookMs);
    }
    return Math.round(systemClock.now() - sinceMs);
  }

  /** Ends the load. Returns counts of operations by kind. @throws Error naming what is wrong with the history */
  async stop(): Promise<Readonly<Record<string, number>>> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
    const [first] = this.#clients;
    const wrong: string[] = [];
    for (const { part } of this.#parts) {
      if (first === undefined) break;
      await part.finish?.(first);
      wrong.push(...(await part.check(first)));
    }
    await Promise.all(this.#clients.map((client) => client.close()));
    if (wrong.length > 0) throw new Error(`the history is wrong: ${wrong.join('; ')}`);
    return Object.fromEntries(this.#parts.flatMap(({ tally }) => [...tally.counts]));
  }

  async #begin(): Promise<void> {
    for (const { part } of this.#parts) for (const client of this.#clients) await part.prepare(client);
    this.#workers = this.#parts.flatMap(({ part }) =>
      this.#clients.flatMap((client) =>
        Array.from({ length: workersPerPart }, () => this.#work(part, client)),
      ),
    );
  }

  async #work(part: HistoryPart, client: HistoryClient): Promise<void> {
    while (!this.#isStopped) {
      await part.act(client);
      await sleep(pauseMs);
    }
  }
}

/** Operations whose outcome is known. */
function doneOf({ counts }: Tally): number {
  let done = 0;
  for (const [name, times] of counts) if (!name.endsWith('of unknown outcome')) done += times;
  return done;
}
