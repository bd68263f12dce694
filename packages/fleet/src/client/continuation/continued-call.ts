import type { Clock } from '@drover/actor-core';
import { FleetError, type FleetErrorCode } from '../../errors.ts';
import type { FleetCall, FleetHead, FleetRequest, TakeBatch } from '../fleet-client.ts';
import {
  type ContinuableRequest,
  continueBody,
  rawPrompt,
  readContinuable,
  renderBody,
  renderedPrompt,
} from './continuation-request.ts';
import { continuedLine } from './continued-lines.ts';
import { SpokenText } from './spoken-text.ts';

/** What a continued call works with. */
export interface ContinuationParts {
  readonly request: FleetRequest;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Runs a request without a continuation. */
  readonly run: (request: FleetRequest) => FleetCall;
  /** Digest of the model at the instance that answers. */
  readonly digestAt: (head: FleetHead) => string | undefined;
  /** Called when another host goes on. */
  readonly onContinued: () => void;
}

/** Ends of a stream after which another host can go on: this host, or the way to it, is lost. */
const lost: ReadonlySet<FleetErrorCode> = new Set(['host-lost', 'stalled', 'replay-lost']);
const mostContinuations = 3;
/** Longest time for the rendered prompt. */
const renderMs = 30_000;

/** A call whose text goes on, where it now comes from, and in which form. */
interface Running {
  readonly call: FleetCall;
  readonly inForm: (lines: readonly string[]) => readonly string[];
}

/**
 * A call that outlives its host: when the stream breaks after its first byte, another host goes on with the text from
 * where it broke, and the caller sees one stream. The prompt is rendered by Ollama (`_debug_render_only`), and the
 * continuation is a raw prompt of it and the text so far, which is exact to the token at temperature 0 (measured,
 * `ollama-observed.md` 7.7). Where that is not possible the call ends with the error that broke the stream.
 */
export class ContinuedCall implements FleetCall {
  readonly head: Promise<FleetHead>;
  readonly lines: AsyncIterable<readonly string[]>;
  /** The nodes that went on with the text, in order. */
  readonly continuedBy: string[] = [];
  readonly #parts: ContinuationParts;
  readonly #startedAtMs: number;
  readonly #spoken: SpokenText;
  /** The instances that lost the text, each an `instanceKey`. */
  readonly #lostBy: string[] = [];
  #running: Running;
  #prompt: string | undefined;
  #isCancelled = false;

  constructor(parts: ContinuationParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.now();
    this.#spoken = new SpokenText(parts.request.route);
    this.#running = { call: parts.run(parts.request), inForm: (lines) => lines };
    this.head = this.#running.call.head;
    this.lines = { [Symbol.asyncIterator]: () => this.#iterate() };
  }

  cancel(reason: string): void {
    this.#isCancelled = true;
    this.#running.call.cancel(reason);
  }

  async forEachBatch(take: TakeBatch): Promise<void> {
    for (;;) {
      const { call, inForm } = this.#running;
      try {
        await call.forEachBatch((lines) => take(this.#note(inForm(lines))));
        return;
      } catch (error) {
        this.#running = await this.#goOnAfter(error);
      }
    }
  }

  async *#iterate(): AsyncGenerator<readonly string[], undefined> {
    for (;;) {
      const { call, inForm } = this.#running;
      try {
        for await (const lines of call.lines) yield this.#note(inForm(lines));
        return undefined;
      } catch (error) {
        this.#running = await this.#goOnAfter(error);
      }
    }
  }

  #note(lines: readonly string[]): readonly string[] {
    this.#spoken.add(lines, this.#parts.clock.now());
    return lines;
  }

  /** @throws the error itself where nobody can go on */
  async #goOnAfter(error: unknown): Promise<Running> {
    if (!(error instanceof FleetError) || !lost.has(error.code) || this.#isOver) throw error;
    const request = readContinuable(this.#parts.request);
    const { text } = this.#spoken;
    if (request === undefined || text === undefined || this.continuedBy.length >= mostContinuations)
      throw error;
    const running = await this.#tryToGoOn(request, text);
    if (running === undefined || this.#isOver) {
      running?.call.cancel('the caller has left');
      throw error;
    }
    this.#parts.onContinued();
    return running;
  }

  /** Undefined where no host goes on: the error that broke the stream says more than that of the attempt. */
  async #tryToGoOn(request: ContinuableRequest, text: string): Promise<Running | undefined> {
    try {
      return await this.#goOn(request, text);
    } catch {
      return undefined;
    }
  }

  get #isOver(): boolean {
    return this.#isCancelled || this.#parts.signal.aborted;
  }

  async #goOn(request: ContinuableRequest, text: string): Promise<Running | undefined> {
    const { tokens, spokenForMs } = this.#spoken;
    const { node, instance } = await this.#running.call.head;
    this.#lostBy.push(`${node}/${instance}`);
    const digest = this.#parts.request.digest ?? this.#parts.digestAt(await this.head);
    const same = digest === undefined ? {} : { digest };
    this.#prompt ??= rawPrompt(request) ?? (await this.#render(request, same));
    if (this.#prompt === undefined) return undefined;
    const body = continueBody(request, this.#prompt, { text, tokens });
    const call = this.#parts.run({ ...this.#rest, ...same, route: 'generate', body });
    const head = await call.head;
    if (head.status !== 200) {
      call.cancel('the host refuses to go on');
      return undefined;
    }
    this.continuedBy.push(head.node);
    const before = { tokens, spokenForMs };
    const inForm = (lines: readonly string[]): readonly string[] =>
      lines.map((line) =>
        continuedLine(line, request.route, before, this.#parts.clock.now() - this.#startedAtMs),
      );
    return { call, inForm };
  }

  async #render(
    request: ContinuableRequest,
    same: Pick<FleetRequest, 'digest'>,
  ): Promise<string | undefined> {
    const { timeoutMs = 0 } = this.#rest;
    const limitMs = timeoutMs === 0 ? renderMs : Math.min(renderMs, timeoutMs);
    const call = this.#parts.run({
      ...this.#rest,
      ...same,
      route: request.route,
      body: renderBody(request),
      timeoutMs: limitMs,
    });
    const { status } = await call.head;
    const lines: string[] = [];
    for await (const batch of call.lines) lines.push(...batch);
    return status === 200 ? renderedPrompt(lines.join('')) : undefined;
  }

  /** The client's request, for as long as it still may last. */
  get #rest(): FleetRequest {
    const { request, clock } = this.#parts;
    const { timeoutMs, keepMs: _, ...rest } = request;
    const passedMs = clock.now() - this.#startedAtMs;
    const isLimited = timeoutMs !== undefined && timeoutMs > 0;
    return {
      ...rest,
      continues: { lostBy: this.#lostBy },
      ...(isLimited && { timeoutMs: Math.max(1, timeoutMs - passedMs) }),
      ...(timeoutMs === 0 && { timeoutMs }),
    };
  }
}
