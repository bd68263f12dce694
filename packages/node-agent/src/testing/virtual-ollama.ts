import type { Clock, Timer } from '@drover/actor-core';
import { UpstreamError } from '../errors.ts';
import type { AnswerHandler, Ollama, Reply, UpstreamRequest } from '../ollama/ollama.ts';

/** One request that was posted, identified by the id in its body. Instants are clock milliseconds. */
export interface VirtualRun {
  readonly id: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  /** Its connection was closed before the answer was complete. */
  aborted: boolean;
}

/** An Ollama without HTTP: the body `{"id","ms"}` sets how long an answer takes on the given clock. */
export class VirtualOllama implements Ollama {
  readonly url = 'http://virtual';
  readonly runs: VirtualRun[] = [];
  /** While true, connections are refused. */
  away = false;
  /** How long the first request takes to load the model; 0 while it is loaded. */
  loadMs = 0;
  readonly #clock: Clock;
  readonly #models: readonly string[];

  constructor(clock: Clock, models: readonly string[] = ['m:latest']) {
    this.#clock = clock;
    this.#models = models;
  }

  get inside(): number {
    return this.runs.filter(({ endedAtMs }) => endedAtMs === undefined).length;
  }

  post(_path: string, body: Uint8Array, handler: AnswerHandler): UpstreamRequest {
    const { id, ms } = JSON.parse(Buffer.from(body).toString('utf8')) as { id: string; ms: number };
    const run: VirtualRun = { id, startedAtMs: this.#clock.now(), endedAtMs: undefined, aborted: false };
    this.runs.push(run);
    const timer: Timer = this.#clock.setTimer(ms + this.loadMs, () => {
      this.loadMs = 0;
      run.endedAtMs = this.#clock.now();
      handler.onHead({ status: 200, contentType: 'application/x-ndjson', headers: {} });
      handler.onData(Buffer.from(`${JSON.stringify({ id, done: true })}\n`));
      handler.onEnd();
    });
    return {
      abort: () => {
        if (run.endedAtMs !== undefined) return;
        timer.cancel();
        run.endedAtMs = this.#clock.now();
        run.aborted = true;
      },
    };
  }

  async ask(_method: 'GET' | 'POST', path: string): Promise<Reply> {
    if (this.away) throw new UpstreamError('refused', this.url, 'cannot connect');
    const models = this.#models.map((name) => ({ name, digest: `digest of ${name}`, size: 1 }));
    if (path === '/api/ps' && this.loadMs > 0) models.length = 0;
    const value = path === '/api/version' ? { version: '0.0.0-virtual' } : { models };
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(value)) };
  }

  close(): void {}
}
