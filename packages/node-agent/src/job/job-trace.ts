import type { Clock } from '@drover/actor-core';
import { attribute, provider, type Span } from '@drover/telemetry';
import type { AnswerMeasures } from '../silence/learnt-speeds.ts';
import type { JobOutcome } from './job-message.ts';
import type { JobTask } from './job-task.ts';

/** GenAI names of the operations of Ollama's routes. */
const operations = {
  chat: 'chat',
  generate: 'text_completion',
  embed: 'embeddings',
  embeddings: 'embeddings',
} as const;

/**
 * The span of a request inside an Ollama: from the post to the end of the answer. A request without a trace has none.
 */
export class JobTrace {
  readonly #task: JobTask;
  readonly #clock: Clock;
  readonly #arrivedAtMs: number;
  #postedAtMs = 0;
  #firstByteMs: number | undefined;
  #status: number | undefined;
  #span: Span | undefined;

  constructor(task: JobTask, clock: Clock) {
    this.#task = task;
    this.#clock = clock;
    this.#arrivedAtMs = clock.now();
  }

  /** The request is posted. Returns the traceparent for Ollama. */
  posted(): string | undefined {
    const { tracer, trace, open, ollama } = this.#task;
    this.#postedAtMs = this.#clock.now();
    if (trace === undefined || open.route === 'show') return trace;
    const operation = operations[open.route];
    this.#span ??= tracer.start({
      name: `${operation} ${open.model}`,
      kind: 'client',
      parent: trace,
      attributes: {
        [attribute.genAiOperation]: operation,
        [attribute.genAiProvider]: provider,
        [attribute.genAiRequestModel]: open.model,
        [attribute.serverAddress]: URL.canParse(ollama.url) ? new URL(ollama.url).hostname : undefined,
        [attribute.requestId]: open.requestId,
        [attribute.queuedMs]: Math.round(this.#postedAtMs - this.#arrivedAtMs),
      },
    });
    return this.#span.traceparent;
  }

  /** The first byte of the answer has arrived. */
  answered(status: number): void {
    this.#status = status;
    this.#firstByteMs ??= Math.round(this.#clock.now() - this.#postedAtMs);
  }

  left(how: JobOutcome['how'], measures: AnswerMeasures | undefined): void {
    const span = this.#span;
    this.#span = undefined;
    if (span === undefined) return;
    const status = this.#status ?? 0;
    const failure = typeof how === 'string' ? how : how.refused;
    const error = status >= 400 ? String(status) : failure;
    span.end({
      attributes: {
        [attribute.httpStatus]: this.#status,
        [attribute.firstByteMs]: this.#firstByteMs,
        [attribute.genAiInputTokens]: measures?.promptTokens,
        [attribute.genAiOutputTokens]: measures?.answerTokens,
      },
      ...(error !== 'completed' && { error }),
    });
  }
}
