import type { Clock, Timer } from '../clock.ts';
import type { FaultBoard } from '../fault/faults.ts';
import type { Job, Measures, Outcome, Piece } from './job.ts';
import type { ToolCall } from '../text/token.ts';
import type { SlotStart } from './prompt-cache.ts';
import { StopFilter } from './stop-filter.ts';
import type { Vocabulary } from '../text/vocabulary.ts';

/** Prompt tokens of one batch. A cancelled prefill ends at the end of its batch. */
const PREFILL_BATCH_TOKENS = 512;
/** Largest number of equal tokens in a row. */
const MAX_REPEATS = 30;
/** Tokens that are computed at once in an answer without stream. */
const BLOCK_TOKENS = 64;
/** Largest number of tokens in one turn of the event loop, so that a high rate does not block other generations. */
const MAX_TURN_TOKENS = 1024;
/** Largest time by which a timer may fire too early and its token is still sent. */
const EARLY_MS = 0.5;

/** The part of a runner that a generation uses. */
export interface GenerationHost {
  readonly clock: Clock;
  readonly faults: FaultBoard;
  readonly vocabulary: Vocabulary;
  readonly modelName: string;
  readonly tokensPerSecond: number;
  readonly prefillTokensPerSecond: number;
  /** The slot is free, and holds these tokens. */
  finished(generation: Generation, tokens: readonly number[]): void;
  strikeFreeze(): void;
  strikeKill(): void;
}

/**
 * One generation on its slot: prefill of the tokens that are not cached, then tokens on a cumulative schedule. Each
 * token is due one interval after the one before, however late timers fire, so that the long-run rate is exact.
 */
export class Generation {
  readonly start: SlotStart;
  readonly #job: Job;
  readonly #host: GenerationHost;
  readonly #stops: StopFilter;
  readonly #generated: number[] = [];
  #timer: Timer | null = null;
  #phase: 'prefill' | 'decode' | 'over' = 'prefill';
  #prefillStartMs = 0;
  #prefillMs = 0;
  #decodeStartMs = 0;
  #lastTokenMs = 0;
  #nextDueMs = 0;
  #pulled = 0;
  #lastText = '';
  #repeats = 0;
  #ready: Piece[] = [];
  #outcome: Outcome | 'cut' | null = null;
  #frozen = false;
  #blocked = false;
  #pieces = 0;

  constructor(job: Job, start: SlotStart, host: GenerationHost) {
    this.#job = job;
    this.start = start;
    this.#host = host;
    this.#stops = new StopFilter(job.stops);
  }

  get tokensOut(): number {
    return this.#pulled;
  }

  begin(): void {
    const work = this.#job.prompt.length - this.start.cachedTokens;
    this.#prefillStartMs = this.#host.clock.nowMs();
    this.#prefillMs = (work / this.#host.prefillTokensPerSecond) * 1000;
    this.#timer = this.#host.clock.after(this.start.restoreMs + this.#prefillMs, () => this.#beginDecode());
  }

  /** The client has read its data. */
  resume(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#continueDecode();
  }

  /** Stops all progress, as SIGSTOP does to a process. */
  freeze(): void {
    this.#frozen = true;
    this.#timer?.cancel();
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    if (this.#phase === 'prefill') this.#beginDecode();
    else this.#continueDecode();
  }

  /**
   * Handles a disconnect of the client: during decode the slot is free at once, during prefill at the end of the batch.
   */
  cancel(): void {
    if (this.#phase === 'over') return;
    const inPrefill = this.#phase === 'prefill' && !this.#frozen;
    this.#phase = 'over';
    this.#timer?.cancel();
    if (!inPrefill) return this.#release();
    const batchMs = (PREFILL_BATCH_TOKENS / this.#host.prefillTokensPerSecond) * 1000;
    const spentMs = this.#host.clock.nowMs() - this.#prefillStartMs;
    const boundaryMs = Math.min(this.#prefillMs, Math.ceil(spentMs / batchMs) * batchMs);
    this.#host.clock.after(Math.max(0, boundaryMs - spentMs), () => this.#release());
  }

  /** Ends the generation without freeing the slot. */
  abandon(): void {
    this.#phase = 'over';
    this.#timer?.cancel();
  }

  get inDecode(): boolean {
    return this.#phase === 'decode';
  }

  /** The process of the runner has ended. */
  fail(status: number, message: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#timer?.cancel();
    this.#job.sink.end({ kind: 'failed', status, message });
    this.#release();
  }

  #release(): void {
    this.#host.finished(this, [...this.#job.prompt, ...this.#generated]);
  }

  #beginDecode(): void {
    if (this.#phase !== 'prefill' || this.#frozen) return;
    this.#phase = 'decode';
    this.#decodeStartMs = this.#host.clock.nowMs();
    this.#nextDueMs = this.#decodeStartMs;
    this.#lastTokenMs = this.#decodeStartMs;
    this.#tick();
  }

  #continueDecode(): void {
    if (this.#phase !== 'decode') return;
    this.#nextDueMs = Math.max(this.#nextDueMs, this.#host.clock.nowMs());
    this.#tick();
  }

  #tick(): void {
    if (this.#phase !== 'decode' || this.#frozen || this.#blocked) return;
    const horizonMs = this.#host.clock.nowMs() + EARLY_MS;
    for (let n = 0; n < MAX_TURN_TOKENS && this.#mayPull() && this.#nextDueMs <= horizonMs; n++) this.#pull();
    if (!this.#job.stream) for (let n = 0; n < BLOCK_TOKENS && this.#mayPull(); n++) this.#pull();
    // A fault in `#pull` may have ended or frozen the generation.
    if (this.#isOver()) return;
    if (this.#job.stream || this.#outcome === null) this.#flush();
    if (this.#isOver() || this.#frozen || this.#blocked) return;
    const dueMs = this.#outcome === null && this.#job.stream ? this.#nextDueMs : this.#lastTokenMs;
    if (this.#outcome !== null && dueMs <= horizonMs) return this.#finish();
    const wait = dueMs - this.#host.clock.nowMs();
    this.#timer = this.#host.clock.after(wait, () => this.#tick());
  }

  #mayPull(): boolean {
    return this.#outcome === null && !this.#frozen && this.#phase === 'decode';
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  /** Computes the next token and its due time. */
  #pull(): void {
    const { job, host } = { job: this.#job, host: this.#host };
    const strike = host.faults.strikesToken(host.modelName, this.#pulled);
    if (strike === 'freeze') return host.strikeFreeze();
    if (strike === 'kill-runner') {
      this.#flush();
      return host.strikeKill();
    }
    if (strike === 'cut') {
      this.#outcome = 'cut';
      return;
    }
    if (strike === 'badjson') {
      this.#flush();
      job.sink.garble();
    }
    const token = job.source.next();
    if (this.#pulled === 0 || token !== null) this.#lastTokenMs = this.#nextDueMs;
    this.#nextDueMs += (1000 / host.tokensPerSecond) * host.faults.slowdown(host.modelName, this.#pulled);
    this.#pulled++;
    if (token === null) return this.#end('stop');
    this.#generated.push(host.vocabulary.id(token.text));
    if (job.checksRepeats && this.#repeatsTooOften(token.text)) {
      this.#outcome = { kind: 'repeating' };
      return;
    }
    if (token.channel === 'content') {
      const { text, stopped } = this.#stops.push(token.text);
      if (text !== '') this.#push({ text, channel: 'content', tokens: [token.text] });
      if (stopped) return this.#end('stop', true);
    } else if (token.channel === 'thinking') {
      this.#push({ text: token.text, channel: 'thinking', tokens: [token.text] });
    } else if (token.channel === 'call' && job.source.toolCall !== null && token.text.startsWith('</')) {
      return this.#endCall();
    }
    const used = job.prompt.length + this.#generated.length;
    if (this.#pulled >= job.maxTokens || (job.contextLimit !== null && used >= job.contextLimit))
      this.#end('length');
  }

  #repeatsTooOften(text: string): boolean {
    const trimmed = text.trim();
    this.#repeats = trimmed === this.#lastText ? this.#repeats + 1 : 0;
    this.#lastText = trimmed;
    return this.#repeats > MAX_REPEATS;
  }

  #push(piece: Piece): void {
    const opening = this.#pieces++ === 0 ? this.#job.opening : '';
    this.#ready.push(opening === '' ? piece : { ...piece, text: opening + piece.text });
  }

  #end(reason: 'stop' | 'length', stopped = false): void {
    const held = stopped ? '' : this.#stops.flush();
    if (held !== '') this.#push({ text: held, channel: 'content', tokens: [held] });
    this.#outcome = this.#done(reason, null);
  }

  #endCall(): void {
    const { toolCall, callError } = this.#job.source;
    this.#outcome = callError
      ? { kind: 'failed', status: 500, message: callError }
      : this.#done('stop', toolCall);
  }

  #done(reason: 'stop' | 'length', toolCall: ToolCall | null): Outcome {
    return { kind: 'done', reason, toolCall, measures: this.#measures(), generated: this.#generated };
  }

  #measures(): Measures {
    return {
      promptTokens: this.#job.prompt.length,
      promptMs: Math.max(0.001, this.#prefillMs),
      evalTokens: this.#pulled,
      evalMs: Math.max(0.001, this.#lastTokenMs - this.#decodeStartMs),
    };
  }

  #flush(): void {
    if (this.#ready.length === 0) return;
    const pieces = this.#ready;
    this.#ready = [];
    if (!this.#job.sink.pieces(pieces)) this.#blocked = this.#outcome === null;
  }

  #finish(): void {
    this.#flush();
    if (this.#isOver()) return;
    this.#phase = 'over';
    const outcome = this.#outcome;
    if (outcome === 'cut' || outcome === null) this.#job.sink.cut();
    else this.#job.sink.end(outcome);
    this.#release();
  }
}
