import { fileURLToPath } from 'node:url';
import { type ReadyProcess, startReady } from '../child-process.ts';
import type { SoakOrder, SoakWord } from './soak-words.ts';

const startTimeoutMs = 60_000;

export type WordOf<E extends SoakWord['event']> = Extract<SoakWord, { event: E }>;

/** One of the two processes, as the suite sees it. */
export class SoakProcess {
  readonly name: string;
  readonly samples: WordOf<'sample'>[] = [];
  readonly #started: ReadyProcess<WordOf<'ready'>>;
  readonly #words: Map<string, (word: SoakWord) => void>;

  private constructor(
    name: string,
    started: ReadyProcess<WordOf<'ready'>>,
    words: Map<string, (word: SoakWord) => void>,
  ) {
    this.name = name;
    this.#started = started;
    this.#words = words;
    words.set('sample', (word) => this.samples.push(word as WordOf<'sample'>));
  }

  /** Resolves once it and its peer have seen each other. */
  static async start(natsUrl: string, name: string, peer: string): Promise<SoakProcess> {
    const words = new Map<string, (word: SoakWord) => void>();
    const onLine = (line: string): void => {
      if (!line.startsWith('{')) return;
      const word = JSON.parse(line) as SoakWord;
      words.get(word.event)?.(word);
    };
    const script = fileURLToPath(new URL('./soak-main.js', import.meta.url));
    const started = await startReady<WordOf<'ready'>>(script, [natsUrl, name, peer], {
      timeoutMs: startTimeoutMs,
      onLine,
    });
    return new SoakProcess(name, started, words);
  }

  get pid(): number {
    return this.#started.ready.pid;
  }

  /** @throws Error when it ends, or does not answer in time */
  async obey<E extends SoakWord['event']>(
    order: SoakOrder,
    answer: E,
    timeoutMs: number,
  ): Promise<WordOf<E>> {
    const { promise, resolve, reject } = Promise.withResolvers<SoakWord>();
    const what = `${this.name}, ${order.order}`;
    const timer = setTimeout(() => reject(new Error(`${what}: no answer within ${timeoutMs} ms`)), timeoutMs);
    const onExit = (code: number | null): void => reject(new Error(`${what}: it ended with ${code}`));
    this.#started.child.once('exit', onExit);
    this.#words.set(answer, resolve);
    this.#started.child.stdin?.write(`${JSON.stringify(order)}\n`);
    try {
      return (await promise) as WordOf<E>;
    } finally {
      clearTimeout(timer);
      this.#started.child.off('exit', onExit);
    }
  }

  async stop(): Promise<void> {
    await this.#started.stop(3_000);
  }
}
