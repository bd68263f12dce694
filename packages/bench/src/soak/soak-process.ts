import { fileURLToPath } from 'node:url';
import { type ReadyProcess, startReady } from '../child-process.ts';
import type { SoakCommand, SoakReply } from './soak-protocol.ts';

const startTimeoutMs = 60_000;

export type ReplyOf<E extends SoakReply['event']> = Extract<SoakReply, { event: E }>;

/** One of the two processes of the soak, for the suite. */
export class SoakProcess {
  readonly name: string;
  readonly samples: ReplyOf<'sample'>[] = [];
  readonly #started: ReadyProcess<ReplyOf<'ready'>>;
  readonly #handlers: Map<string, (reply: SoakReply) => void>;

  private constructor(
    name: string,
    started: ReadyProcess<ReplyOf<'ready'>>,
    handlers: Map<string, (reply: SoakReply) => void>,
  ) {
    this.name = name;
    this.#started = started;
    this.#handlers = handlers;
    handlers.set('sample', (reply) => this.samples.push(reply as ReplyOf<'sample'>));
  }

  /** Resolves when the process and its peer can reach each other. */
  static async start(natsUrl: string, name: string, peer: string): Promise<SoakProcess> {
    const handlers = new Map<string, (reply: SoakReply) => void>();
    const onLine = (line: string): void => {
      if (!line.startsWith('{')) return;
      const reply = JSON.parse(line) as SoakReply;
      handlers.get(reply.event)?.(reply);
    };
    const script = fileURLToPath(new URL('./soak-main.js', import.meta.url));
    const started = await startReady<ReplyOf<'ready'>>(script, [natsUrl, name, peer], {
      timeoutMs: startTimeoutMs,
      onLine,
    });
    return new SoakProcess(name, started, handlers);
  }

  get pid(): number {
    return this.#started.ready.pid;
  }

  /** Sends a command and waits for its reply. @throws Error when the process ends, or does not reply in time */
  async request<E extends SoakReply['event']>(
    command: SoakCommand,
    event: E,
    timeoutMs: number,
  ): Promise<ReplyOf<E>> {
    const { promise, resolve, reject } = Promise.withResolvers<SoakReply>();
    const what = `${this.name}, ${command.command}`;
    const timer = setTimeout(() => reject(new Error(`${what}: no reply within ${timeoutMs} ms`)), timeoutMs);
    const onExit = (code: number | null): void =>
      reject(new Error(`${what}: the process ended with ${code}`));
    this.#started.child.once('exit', onExit);
    this.#handlers.set(event, resolve);
    this.#started.child.stdin?.write(`${JSON.stringify(command)}\n`);
    try {
      return (await promise) as ReplyOf<E>;
    } finally {
      clearTimeout(timer);
      this.#started.child.off('exit', onExit);
    }
  }

  async stop(): Promise<void> {
    await this.#started.stop(3_000);
  }
}
