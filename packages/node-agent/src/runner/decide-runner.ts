import { type RunnerOptionName, type RunnerOptions, runnerOptionNames } from '@drover/fleet';

/**
 * What happens to runner options that a request states. `normalise`: the fleet decides, so that no request makes Ollama
 * load a model again that could have served it · `honour`: the request decides.
 */
export type RunnerPolicy = 'normalise' | 'honour';

/** The runner that serves a model now, as far as the node-agent knows. */
export interface KnownRunner {
  /** Options with which the fleet had it started. */
  readonly options: RunnerOptions;
  /** Its context as Ollama lists it, tokens; undefined while it is not listed. */
  readonly contextLength: number | undefined;
}

/** What a decision about the runner options of one request depends on. */
export interface RunnerFacts {
  readonly policy: RunnerPolicy;
  /** What the request states. */
  readonly asked: RunnerOptions;
  /** What the owner of the host states for the model. */
  readonly canonical: RunnerOptions;
  /** Undefined while the model is not loaded. */
  readonly runner: KnownRunner | undefined;
  /** The context that Ollama chooses by itself for this model; undefined until that was seen. */
  readonly automaticContext: number | undefined;
}

/**
 * The runner options with which a request is posted. With the policy `normalise` the owner's values win, and what the
 * owner does not state is left to Ollama. Only the context may grow for a request: a runner with a larger context
 * serves a request for a smaller one, so alternating requests load a model once for each larger context, and not each
 * time.
 */
export function decideRunner(facts: RunnerFacts): RunnerOptions {
  const { policy, asked, canonical } = facts;
  if (policy === 'honour') return { ...canonical, ...asked };
  const { num_ctx: _, ...others } = canonical;
  const context = canonical.num_ctx ?? contextFor(facts);
  return context === undefined ? others : { ...others, num_ctx: context };
}

/** The `num_ctx` to state; undefined states none. */
function contextFor({ asked, runner, automaticContext }: RunnerFacts): RunnerOptions['num_ctx'] {
  // Ollama reads 0 as not stated.
  const wanted = asked.num_ctx === 0 ? undefined : asked.num_ctx;
  if (runner === undefined) return wanted;
  const started = runner.options.num_ctx;
  const has = runner.contextLength ?? started;
  if (wanted === undefined) {
    // The automatic context may be larger than the one that another request stated.
    const isEnough = automaticContext !== undefined && has !== undefined && has >= automaticContext;
    return isEnough ? started : undefined;
  }
  return has !== undefined && wanted <= has ? started : wanted;
}

/** What was changed, for the client: `num_ctx=8192 (asked 2048), num_gpu=unset (asked 0)`; undefined if nothing was. */
export function describeChanges(asked: RunnerOptions, used: RunnerOptions): string | undefined {
  const changes = runnerOptionNames
    .filter((name) => asked[name] !== used[name])
    .map((name) => `${name}=${textOf(used, name)} (asked ${textOf(asked, name)})`);
  return changes.length === 0 ? undefined : changes.join(', ');
}

function textOf(options: RunnerOptions, name: RunnerOptionName): string {
  return String(options[name] ?? 'unset');
}
