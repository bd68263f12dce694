import { deferred } from '../deferred.ts';
import { randomBytes } from 'node:crypto';
import type { OllamaSimConfig } from '../config.ts';
import { defaultContext } from '../config.ts';
import { ClientGoneError, OllamaError } from '../errors.ts';
import type { FaultBoard } from '../fault/faults.ts';
import type { ModelStore } from '../model/model-store.ts';
import type { SimModel } from '../model/model.ts';
import { isValidName } from '../model/model-name.ts';
import type { JobSink, Outcome } from '../runner/job.ts';
import { seedOfText } from '../text/random.ts';
import { runnerOptions } from '../runner/runner-options.ts';
import type { Lease } from '../runner/loaded-runners.ts';
import { type Scheduler, SERVER_BUSY } from '../runner/scheduler.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import { type AnswerFormat, utter } from '../text/utterance.ts';
import { type RequestOptions, resolveOptions } from '../wire/options.ts';
import type { AnswerEnd, AnswerWriter, IdentifiedToolCall } from './answer.ts';
import type { Call } from './call.ts';
import { formatFor, refuseImages, refuseLogprobs, refuseUnsupported } from './refusals.ts';
import { chatPrompt, generatePrompt, type Prompt, renderChat, renderGenerate } from './prompt.ts';

/** Largest length of an unlimited answer, in contexts. */
const UNBOUNDED_CONTEXTS = 10;
const NO_END: Pick<AnswerEnd, 'stats' | 'toolCall' | 'toolCallApart' | 'context'> = {
  stats: null,
  toolCall: null,
  toolCallApart: false,
  context: null,
};

/** The client of a call: lets the call cut the connection, and reports that the client has disconnected. */
export interface CallPeer {
  readonly signal: AbortSignal;
  cut(): void;
  onDrain(fn: () => void): void;
}

/** Runs the chat and generate calls of every dialect: checks, load, prompt, answer. */
export class Inference {
  readonly #config: OllamaSimConfig;
  readonly #modelStore: ModelStore;
  readonly #scheduler: Scheduler;
  readonly #vocabulary: Vocabulary;
  readonly #faults: FaultBoard;
  #calls = 0;

  constructor(
    config: OllamaSimConfig,
    modelStore: ModelStore,
    scheduler: Scheduler,
    vocabulary: Vocabulary,
    faults: FaultBoard,
  ) {
    this.#config = config;
    this.#modelStore = modelStore;
    this.#scheduler = scheduler;
    this.#vocabulary = vocabulary;
    this.#faults = faults;
  }

  /**
   * Answers through `writer`. Resolves when the last byte is written or the client has disconnected.
   *
   * @throws OllamaError for errors that are found before the runner starts
   */
  async answer(call: Call, writer: AnswerWriter, peer: CallPeer): Promise<void> {
    const startMs = this.#config.clock.nowMs();
    const model = this.#modelFor(call);
    const isLoad = call.kind === 'chat' ? call.messages.length === 0 : call.prompt === '';
    if (isLoad && call.keepAliveMs === 0) {
      this.#scheduler.unload(model);
      return writer.end({ ...NO_END, reason: 'unload' });
    }
    refuseUnsupported(call, model);
    const options = resolveOptions(model.parameters, call.options);
    const lease = await this.hold(model, options, call.shift, call.keepAliveMs, peer.signal);
    try {
      if (isLoad) return writer.end({ ...NO_END, reason: 'load' });
      await this.#run(call, model, options, lease, writer, peer, startMs);
    } finally {
      lease.release();
    }
  }

  /** Acquires a runner for the model, with the runner options of the request. */
  async hold(
    model: SimModel,
    options: RequestOptions,
    shift: boolean | null,
    keepAliveMs: number | null,
    signal: AbortSignal,
  ): Promise<Lease> {
    if (this.#faults.strikes('503', model.name)) throw new OllamaError(503, SERVER_BUSY);
    const wanted = runnerOptions(options, model, defaultContext(this.#config), shift);
    return this.#scheduler.acquire({ model, options: wanted, keepAliveMs, signal });
  }

  #modelFor(call: Call): SimModel {
    const { modelName } = call;
    if (call.kind === 'generate') {
      const model = this.#modelStore.require(modelName);
      refuseLogprobs(call);
      return model;
    }
    refuseLogprobs(call);
    if (modelName === '') throw new OllamaError(400, 'model is required');
    if (!isValidName(modelName)) throw new OllamaError(400, 'invalid model name');
    return this.#modelStore.require(modelName);
  }

  async #run(
    call: Call,
    model: SimModel,
    options: RequestOptions,
    lease: Lease,
    writer: AnswerWriter,
    peer: CallPeer,
    startMs: number,
  ): Promise<void> {
    if (call.debugRenderOnly) {
      const isChat = call.kind === 'chat';
      return writer.rendered(
        isChat ? renderChat(call, model) : renderGenerate(call, model, this.#vocabulary),
      );
    }
    const format = formatFor(call, model);
    refuseImages(call, model);
    const limits = { numCtx: lease.runner.options.numCtx, truncate: call.truncate, shift: call.shift };
    const prompt =
      call.kind === 'chat'
        ? chatPrompt(call, model, this.#vocabulary, limits)
        : generatePrompt(call, model, this.#vocabulary, limits);
    const end = (outcome: Outcome): void => {
      if (outcome.kind === 'repeating') writer.broken();
      else if (outcome.kind === 'failed')
        writer.error(new OllamaError(outcome.status, outcome.message, 'runner'));
      else writer.end(this.#endOf(call, model, prompt, outcome, lease, startMs));
    };
    await this.#generate(call, model, options, lease, prompt, format, writer, peer, end);
  }

  #generate(
    call: Call,
    model: SimModel,
    options: RequestOptions,
    lease: Lease,
    prompt: Prompt,
    format: AnswerFormat,
    writer: AnswerWriter,
    peer: CallPeer,
    end: (outcome: Outcome) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = deferred<void>();
    const { numCtx } = lease.runner.options;
    const sink: JobSink = {
      pieces: (pieces) => {
        const more = writer.pieces(pieces);
        if (!more) peer.onDrain(() => handle.resume());
        return more;
      },
      end: (outcome) => {
        end(outcome);
        resolve();
      },
      garble: () => writer.garble(),
      cut: () => {
        peer.cut();
        resolve();
      },
    };
    const handle = lease.runner.run({
      prompt: prompt.tokens,
      source: utter({
        model,
        seed: this.#seedFor(options, call, prompt),
        textBefore: prompt.text,
        format,
        tools: call.kind === 'chat' ? call.tools : [],
        lastIsToolResult: call.kind === 'chat' && call.messages.at(-1)?.role === 'tool',
        thinks: call.think !== false && !(call.kind === 'generate' && call.raw),
        separatesThinking: call.kind === 'chat' || model.path === 'rendered',
      }),
      maxTokens: maxTokens(options['num_predict'], model, numCtx),
      contextLimit: call.shift === false ? numCtx : null,
      stops: Array.isArray(options['stop']) ? options['stop'] : [],
      checksRepeats: model.path === 'rendered',
      stream: call.stream,
      opening: prompt.opening,
      sink,
    });
    const leave = (): void => {
      handle.cancel();
      reject(new ClientGoneError());
    };
    if (peer.signal.aborted) leave();
    else peer.signal.addEventListener('abort', leave, { once: true });
    return promise;
  }

  /** Seed of the answer; null means greedy. Without a stated seed every call gets a different seed. */
  #seedFor(options: RequestOptions, call: Call, prompt: Prompt): number | null {
    const temperature = options['temperature'] ?? call.defaultTemperature;
    if (temperature === 0) return null;
    const asked =
      typeof options['seed'] === 'number' && options['seed'] >= 0 ? options['seed'] : 1e6 + this.#calls++;
    return (seedOfText(prompt.text) ^ Math.imul(asked + 1, 0x9e3779b1)) >>> 0;
  }

  #endOf(
    call: Call,
    model: SimModel,
    prompt: Prompt,
    outcome: Extract<Outcome, { kind: 'done' }>,
    lease: Lease,
    startMs: number,
  ): AnswerEnd {
    const { measures } = outcome;
    const { loadMs } = lease;
    // The rest of the total is the wait for a slot. Rounding must not make it negative.
    const partsMs = loadMs + measures.promptMs + measures.evalMs;
    const totalMs = Math.max(this.#config.clock.nowMs() - startMs, partsMs);
    const withContext = call.kind === 'generate' && !call.raw;
    return {
      reason: outcome.reason,
      stats: { totalMs, loadMs, ...measures },
      toolCall: outcome.toolCall ? { ...outcome.toolCall, id: callId(model) } : null,
      toolCallApart: model.path === 'rendered',
      context: withContext ? [...prompt.tokens, ...outcome.generated] : null,
    };
  }
}

/**
 * Limit of tokens from `num_predict`: 0 means unlimited on the rendered path and one token on the native path; a
 * negative or missing value means ten times the context.
 */
function maxTokens(numPredict: unknown, model: SimModel, numCtx: number): number {
  const asked = typeof numPredict === 'number' ? numPredict : -1;
  if (asked > 0) return asked;
  if (asked < 0) return UNBOUNDED_CONTEXTS * numCtx;
  return model.path === 'native' ? 1 : Number.POSITIVE_INFINITY;
}

function callId(model: SimModel): IdentifiedToolCall['id'] {
  const letters = randomBytes(48)
    .toString('base64')
    .replace(/[^A-Za-z0-9]/g, '');
  return model.path === 'native' ? letters.slice(0, 32) : `call_${letters.slice(0, 8).toLowerCase()}`;
}
