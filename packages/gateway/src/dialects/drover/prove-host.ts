import { FleetError, type FleetRequest, type InstanceEvidence } from '@drover/fleet';
import { RequestFailure } from '../../errors.ts';
import type { GatewayServices } from '../../services.ts';

/** The Ollama to test. */
export interface ProofTarget {
  readonly node: string;
  readonly instance: string;
  /** Load the smallest model if none is loaded. */
  readonly load: boolean;
}

/** Result of the test of one Ollama. */
export interface HostProof {
  readonly ok: boolean;
  /**
   * `token`: a model answered · `listing`: no model is loaded; the host answered its version and loaded models ·
   * `none`.
   */
  readonly how: 'token' | 'listing' | 'none';
  readonly model?: string;
  readonly tookMs: number;
  readonly detail: string;
}

/** Largest number of characters of a host's answer in the result; a longer answer is cut. */
const maxShownChars = 300;

/**
 * Requests one token from a loaded model of one Ollama. If no model is loaded and `load` is false, Ollama must answer
 * with its version and its list of loaded models instead.
 *
 * @throws RequestFailure 404 `node-not-found` for an instance without a load report
 */
export async function proveHost(
  services: GatewayServices,
  target: ProofTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HostProof> {
  const { fleet, node } = services;
  const evidence = fleet.load
    .instances()
    .find((one) => one.node === target.node && one.load.name === target.instance);
  if (evidence === undefined)
    throw new RequestFailure(
      404,
      'node-not-found',
      `no instance ${target.instance} on a node ${target.node}`,
    );
  const startedAtMs = node.clock.now();
  const instance = { node: target.node, instance: target.instance };
  const result = await attempt(services, evidence, target.load, asker(services, instance, timeoutMs, signal));
  return { ...result, tookMs: Math.round(node.clock.now() - startedAtMs) };
}

type Result = Omit<HostProof, 'tookMs'>;

const failed = (detail: string, model?: string): Result => ({
  ok: false,
  how: 'none',
  detail,
  ...(model === undefined ? {} : { model }),
});

async function attempt(
  services: GatewayServices,
  { alive, node, load }: InstanceEvidence,
  mayLoad: boolean,
  ask: Ask,
): Promise<Result> {
  if (!alive) return failed('its node-agent does not answer');
  if (load.state !== 'ready') return failed(`it is ${load.state}${load.reason ? `: ${load.reason}` : ''}`);
  const { describeTimeoutMs } = services.config;
  const listings = await services.fleet.describe({ timeoutMs: describeTimeoutMs, fresh: true });
  const listing = listings.find((one) => one.node === node && one.instance === load.name);
  if (listing === undefined) return failed(`it did not list its models within ${describeTimeoutMs} ms`);
  const running = listing.running[0];
  const smallest = load.models.toSorted((a, b) => a.sizeBytes - b.sizeBytes)[0]?.name;
  const model = running?.name ?? (mayLoad ? smallest : undefined);
  if (model === undefined) {
    const detail = `version ${listing.version}, ${listing.tags.length} models, none loaded`;
    return { ok: true, how: 'listing', detail };
  }
  return await oneToken(ask, model, running?.['context_length']);
}

/**
 * Requests one token with the context length that is loaded, because another length would make Ollama load the model
 * again. An embedding model cannot generate, so it gets an embedding request.
 */
async function oneToken(ask: Ask, model: string, contextLength: unknown): Promise<Result> {
  const context = typeof contextLength === 'number' ? { num_ctx: contextLength } : {};
  try {
    let what = 'a token';
    const options = { num_predict: 1, ...context };
    let answer = await ask('generate', { model, prompt: 'Hi', raw: true, stream: false, options });
    if (answer.status === 400 && /does not support generate/.test(answer.text)) {
      what = 'an embedding';
      answer = await ask('embed', { model, input: 'Hi', options: context });
    }
    const { status, text } = answer;
    if (status !== 200) return failed(`${model} answers ${status}: ${text.slice(0, maxShownChars)}`, model);
    return { ok: true, how: 'token', model, detail: `${model} answered ${what}` };
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return failed(`${model}: ${error.message}`, model);
  }
}

/** Runs a request on the Ollama under test and returns its whole answer. @throws FleetError */
type Ask = (
  route: 'generate' | 'embed',
  question: { readonly model: string; readonly [field: string]: unknown },
) => Promise<{ readonly status: number; readonly text: string }>;

function asker(
  { fleet, node }: GatewayServices,
  instance: NonNullable<FleetRequest['instance']>,
  timeoutMs: number,
  signal: AbortSignal,
): Ask {
  return async (route, question) => {
    const { model } = question;
    const body = Buffer.from(JSON.stringify(question));
    const requestId = `proof-${node.random.id()}`;
    const call = fleet.run({ requestId, route, model, body, instance, timeoutMs }, signal);
    const { status } = await call.head;
    let text = '';
    for await (const lines of call.lines) text += lines.join('');
    return { status, text };
  };
}
