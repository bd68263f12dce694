/**
 * Ollama sometimes loses a slot for ever when a client leaves while a token is being handed over: every later
 * generation on that model hangs silently beside an idle runner, until the model is unloaded (measured,
 * `ollama-observed.md` 4(a)). The agent caused the disconnect, so the agent watches the next request.
 */
export interface LeakEvidence {
  /** Milliseconds the request has waited inside Ollama without a byte. */
  readonly waitedMs: number;
  readonly leakSuspectMs: number;
  /** We left a running request on this model, and no request for it has had a byte since. */
  readonly disconnectedBefore: boolean;
  /** `ps` lists the model; undefined when `ps` did not answer. A model that is still loading is not listed. */
  readonly listedAsLoaded: boolean | undefined;
  /** Our other requests inside this Ollama: they may be what it waits for. */
  readonly othersInside: number;
  /** This request was already retried after an unload. */
  readonly healedBefore: boolean;
}

/** `unload` means: unload the model and send the request again. */
export function decideLeak(evidence: LeakEvidence): 'wait' | 'unload' {
  const suspicious =
    evidence.waitedMs >= evidence.leakSuspectMs &&
    evidence.disconnectedBefore &&
    evidence.listedAsLoaded === true &&
    evidence.othersInside === 0 &&
    !evidence.healedBefore;
  return suspicious ? 'unload' : 'wait';
}
