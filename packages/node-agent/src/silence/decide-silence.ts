/**
 * Judges one silent request inside Ollama: is the model working, or is the request stuck?
 *
 * Problem: Ollama sends nothing while it loads a model, processes a prompt, writes a tool call, thinks behind a
 * parser or answers in one piece. Ollama also sends nothing when it has lost a slot after a disconnect, or when the
 * process of the runner hangs (measured, `ollama-observed.md` 4(a), 4(e)). A wrong "stuck" costs a client its answer,
 * or a working model its prompt cache; a wrong "working" costs a slot.
 *
 * Approach: the strongest evidence decides.
 *   1. The runner uses the CPU: the model is working, however long it takes.
 *   2. The runner is loaded and uses no CPU: nothing is computed.
 *   3. The runner cannot be observed (an Ollama on another machine): the silence may last as long as the size of the
 *      request and the learnt speeds explain, with a wide margin. After that time a lost slot is assumed only if a
 *      client left a running request on the model before; otherwise other clients of this Ollama may hold its slots.
 */
export interface SilenceEvidence {
  /** Milliseconds since the request was posted, or since the last byte of its answer. */
  readonly silentMs: number;
  /** A byte of the answer has arrived: the request has a slot, and Ollama has processed its prompt. */
  readonly answered: boolean;
  /** Prompt tokens to process before the first byte. */
  readonly prompt: TokenEstimate;
  /** Tokens that Ollama may write before it sends a byte; undefined when it sends every token at once. */
  readonly held: HeldAnswer | undefined;
  /** Whether `ps` lists the model; `unknown` when `ps` has not answered for a while. */
  readonly listed: 'loaded' | 'not-loaded' | 'unknown';
  /** Milliseconds since `ps` last did not list the model; `Infinity` if it always did. */
  readonly listedForMs: number;
  /** Milliseconds since another request on this model received a byte; `Infinity` if none did. */
  readonly othersMovedMs: number;
  /**
   * Milliseconds for which the model's runner has used no CPU; 0: it uses CPU now. Undefined where the process cannot
   * be observed, or cannot be distinguished from other runners.
   */
  readonly runnerStillMs: number | undefined;
  /** A client disconnected during an answer of this model, and no request for the model has received a byte since. */
  readonly leftBefore: boolean;
  /** Other requests of this agent inside this Ollama, excluding those that wait for the same model without a byte. */
  readonly othersInside: number;
  /** The model was already unloaded once for this request. */
  readonly healedBefore: boolean;
  /** Longest silence that an estimate alone can explain, milliseconds. */
  readonly maxSilenceMs: number;
}

/** Number of tokens, and the least expected speed. `learnt`: measured on this model here, not assumed. */
export interface TokenEstimate {
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly learnt: boolean;
}

export interface HeldAnswer extends TokenEstimate {
  /** Reason why nothing is sent meanwhile, such as `tools are offered`. */
  readonly why: string;
}

/**
 * `working`: wait · `suspect`: not certain, wait and judge again · `stuck`: the request will never be answered.
 * `unload` frees a lost slot, then the request is posted again; `give-up` ends the request here, so that another
 * instance may serve it.
 */
export interface SilenceVerdict {
  readonly state: 'working' | 'suspect' | 'stuck';
  readonly cure: 'none' | 'unload' | 'give-up';
  /** Evidence for the judgement, as text for display. */
  readonly reason: string;
}

/** Base patience where the speeds of the model are learnt. */
const learntPatienceMs: number = 20_000;
/** Base patience before any speed is learnt. Longer than a minute, for a short prompt on a slow machine. */
const unknownPatienceMs: number = 75_000;
/** Patience between two bytes of an answer that is sent token by token. */
const tokenPatienceMs: number = 60_000;
/** A runner that has used no CPU for this long computes nothing. */
const idleRunnerMs: number = 20_000;
/** Patience for a load, from the post to its end. Ollama itself gives up a load after 5 minutes without progress. */
const loadPatienceMs: number = 600_000;
/** Longest time for which clients that use this Ollama directly are assumed to hold its slots. */
const foreignPatienceMs: number = 600_000;
/** Patience for `ps`, which blocks for 20 to 30 s behind a runner that does not answer. */
const listingPatienceMs: number = 60_000;

/** Lowest prompt speed of a graphics card, in tokens per second. */
const leastCardSpeed = 50;

/** A machine under load can be slower than the slowest learnt speed, by this factor. */
const learntMargin = 4;

export function decideSilence(evidence: SilenceEvidence): SilenceVerdict {
  const { silentMs, runnerStillMs, listed, answered, othersMovedMs, listedForMs } = evidence;
  if (runnerStillMs === 0) return working('its runner uses the CPU');
  if (isIdle(evidence))
    return stuck(evidence, `its runner has used no CPU for ${inSeconds(runnerStillMs ?? 0)}`);
  if (listed === 'not-loaded' && !answered) return decideLoading(silentMs);
  if (runnerStillMs !== undefined)
    return suspect(`its runner has used no CPU for ${inSeconds(runnerStillMs)}`);
  if (othersMovedMs < silentMs && othersMovedMs < foreignPatienceMs) {
    return working(`another request on the model moved ${inSeconds(othersMovedMs)} ago`);
  }
  const quietMs = Math.min(silentMs, listedForMs);
  const explained = explain(evidence);
  if (quietMs < explained.ms) return working(explained.why);
  return decideUnexplained(evidence, quietMs, explained);
}

/**
 * True if the runner used no CPU for longer than a graphics card needs for the prompt. A runner that computes on a
 * graphics card is fast and uses the CPU between batches.
 */
function isIdle({ runnerStillMs, prompt, answered, listed }: SilenceEvidence): boolean {
  if (runnerStillMs === undefined || listed === 'not-loaded') return false;
  const tokensPerSecond = Math.max(prompt.tokensPerSecond, leastCardSpeed);
  return runnerStillMs >= idleRunnerMs + (answered ? 0 : durationMs({ ...prompt, tokensPerSecond }));
}

function decideLoading(silentMs: number): SilenceVerdict {
  if (silentMs < loadPatienceMs) return working('the model is not loaded yet');
  return {
    state: 'stuck',
    cure: 'give-up',
    reason: `the model was not loaded within ${inSeconds(silentMs)}`,
  };
}

interface Explanation {
  readonly ms: number;
  readonly why: string;
}

/** Longest silence that the size of the request explains. */
function explain({ answered, prompt, held, maxSilenceMs }: SilenceEvidence): Explanation {
  const reading = answered
    ? { ms: tokenPatienceMs, why: 'the next token may take its time' }
    : {
        ms:
          (prompt.learnt ? learntPatienceMs : unknownPatienceMs) +
          durationMs(prompt) * (prompt.learnt ? learntMargin : 1),
        why: `the prompt (about ${shown(prompt)}) may still be read`,
      };
  if (held === undefined) return { ms: Math.min(reading.ms, maxSilenceMs), why: reading.why };
  const writingMs = durationMs(held) * (held.learnt ? learntMargin : 1);
  return {
    ms: Math.min(reading.ms + writingMs, maxSilenceMs),
    why: `${held.why}: up to ${shown(held)} may be written before a byte is sent`,
  };
}

/** Judges a silence that is longer than the request explains, when the runner cannot be observed. */
function decideUnexplained(
  evidence: SilenceEvidence,
  quietMs: number,
  explained: Explanation,
): SilenceVerdict {
  const { listed, answered, leftBefore } = evidence;
  const silence = `nothing came for ${inSeconds(quietMs)}, longer than the request explains (${inSeconds(explained.ms)})`;
  if (answered) return stuck(evidence, silence);
  if (listed === 'unknown') {
    if (quietMs < explained.ms + listingPatienceMs) return suspect('ps does not answer');
    return { state: 'stuck', cure: 'give-up', reason: `${silence}, and ps does not answer` };
  }
  if (leftBefore) return stuck(evidence, `${silence}, after a request on this model was left`);
  if (quietMs < Math.max(explained.ms, foreignPatienceMs)) {
    return suspect(`${silence}; other clients of this Ollama may hold its slots`);
  }
  return stuck(evidence, silence);
}

/** Chooses the cure. An unload is safe only when the request waits alone for a slot of a loaded model. */
function stuck(evidence: SilenceEvidence, reason: string): SilenceVerdict {
  const { answered, listed, othersInside, healedBefore, leftBefore, runnerStillMs } = evidence;
  const isLost = leftBefore || (runnerStillMs !== undefined && runnerStillMs > 0);
  const heals = !answered && listed === 'loaded' && othersInside === 0 && !healedBefore && isLost;
  return { state: 'stuck', cure: heals ? 'unload' : 'give-up', reason };
}

function working(reason: string): SilenceVerdict {
  return { state: 'working', cure: 'none', reason };
}

function suspect(reason: string): SilenceVerdict {
  return { state: 'suspect', cure: 'none', reason };
}

function durationMs({ tokens, tokensPerSecond }: TokenEstimate): number {
  return (tokens / tokensPerSecond) * 1_000;
}

function shown({ tokens, tokensPerSecond, learnt }: TokenEstimate): string {
  const speed = tokensPerSecond >= 10 ? Math.round(tokensPerSecond) : Number(tokensPerSecond.toFixed(1));
  return `${Math.ceil(tokens)} tokens at ${speed} a second${learnt ? '' : ', assumed'}`;
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
