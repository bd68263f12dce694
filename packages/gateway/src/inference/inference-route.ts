import type { RequestFailure } from '../errors.ts';
import type { Exchange, Resumption } from '../http/exchange.ts';
import { failureOf } from '../failure.ts';
import type { FailureFormat } from '../http/reply.ts';
import type { Right } from '../keys/rights.ts';
import { permittedModels } from '../keys/permitted-models.ts';
import type { Route } from '../http/route.ts';
import { KeptAnswer } from '../keeping/answer-sink.ts';
import type { Admission } from '../limits/caller-limits.ts';
import { keptHeaders } from '../keeping/kept-record.ts';
import type { KeptClaim } from '../keeping/kept-records.ts';
import type { KeptRequest } from '../keeping/kept-streams.ts';
import { keepMsOf, onDisconnectHeader } from '../http/on-disconnect.ts';
import type { GatewayServices } from '../services.ts';
import { AnswerMeter } from './answer-meter.ts';
import { estimateTokens } from './estimate-tokens.ts';
import type { Inference } from './inference.ts';
import { resolveName } from './resolve-name.ts';
import { type NamedInference, serveInference } from './serve-inference.ts';
import { agreeOnTimeout } from './timeout-header.ts';

/** An inference route of a dialect. */
export interface InferenceEndpoint {
  /** Also the label in the metrics. */
  readonly path: string;
  /** @default 'infer' */
  readonly right?: Right;
  /** Reads, checks and translates a request. @throws RequestFailure */
  readonly read: (exchange: Exchange) => Promise<Inference>;
  /** Format of the failures of `read`. @default the dialect's format */
  readonly unreadable?: FailureFormat;
}

/** The route of an endpoint: reads the request, runs it on the fleet and writes its answer. */
export function inferenceRoute(services: GatewayServices, endpoint: InferenceEndpoint): Route {
  const { right = 'infer' } = endpoint;
  return {
    methods: ['POST'],
    path: endpoint.path,
    right,
    handler: async (exchange): Promise<void> => {
      let { unreadable } = endpoint;
      const meter = new AnswerMeter();
      let admission: Admission | undefined;
      try {
        // A request that another gateway began has passed the limits there.
        if (right === 'infer' && exchange.resumes === undefined)
          admission = await limited(services, exchange, () => services.limits.enter(exchange));
        const inference = await endpoint.read(exchange);
        unreadable = undefined;
        exchange.target = `model=${inference.model}`;
        const names = resolveName(services, inference.route, inference.model);
        const targets = permittedModels(exchange.principal, names.targets);
        const counted = admission;
        if (counted?.limitsTokens === true)
          await limited(services, exchange, () => counted.takeTokens(tokensOf(inference)));
        if (!names.isMapped) await provideModel(services, exchange, inference, targets[0].short);
        await serve(services, exchange, { ...inference, ...names, targets, label: endpoint.path, meter });
      } catch (error) {
        refuse(services, exchange, endpoint.path, failureOf(error), unreadable);
      } finally {
        admission?.finish(meter.tokens);
        countUsage(services, exchange, meter);
      }
    },
  };
}

/** Notes the stage `rate-limit`, also of a request that is refused. */
async function limited<T>(
  { node, metrics }: GatewayServices,
  exchange: Exchange,
  decide: () => Promise<T>,
): Promise<T> {
  const startedMs = node.clock.now() - exchange.startedAtMs;
  try {
    return await decide();
  } finally {
    const endedMs = node.clock.now() - exchange.startedAtMs;
    exchange.facts.stages = [...(exchange.facts.stages ?? []), { stage: 'rate-limit', startedMs, endedMs }];
    metrics.stageTook('rate-limit', (endedMs - startedMs) / 1_000);
  }
}

function countUsage({ usage }: GatewayServices, { principal }: Exchange, meter: AnswerMeter): void {
  const { answering, cost } = meter;
  if (answering === undefined) return;
  const { keyId, tenant } = principal;
  usage.ledger.add(
    { keyId, tenant, model: answering.model, agent: '' },
    {
      requests: 1,
      promptTokens: cost?.promptTokens ?? 0,
      outputTokens: cost?.outputTokens ?? 0,
      workMs: (cost?.workNs ?? 0) / 1e6,
      queuedMs: answering.queuedMs,
    },
  );
}

/** Tokens of an answer whose length a request does not limit: more or less is settled when the answer is there. */
const usualOutput = 512;

function tokensOf({ route, intent, body }: Inference): number {
  if (intent !== 'infer') return 1;
  return estimateTokens(body, usualOutput, route === 'embed' || route === 'embeddings');
}

/** Waits for a model that no host has, where requests may have it pulled. @throws RequestFailure */
async function provideModel(
  { unknownModels, config }: GatewayServices,
  exchange: Exchange,
  { route, intent }: Inference,
  model: string,
): Promise<void> {
  if (route === 'show' || intent === 'unload' || exchange.resumes !== undefined) return;
  const { requestId, principal, signal } = exchange;
  const { keyId, tenant, roles } = principal;
  const timeoutMs = agreeOnTimeout(exchange, config.requestTimeoutMs);
  await unknownModels.provide({ model, requestId, keyId, tenant, roles, timeoutMs, signal });
}

/** Serves the request to its client, or also to one that comes back after a disconnect. @throws RequestFailure */
async function serve(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference,
): Promise<void> {
  const keepMs = keepMsOf(exchange.header(onDisconnectHeader));
  const { requestId } = exchange;
  const release = services.kept.claim(requestId, keepMs > 0);
  try {
    if (keepMs === 0) return await serveInference(services, exchange, inference);
    if (exchange.resumes !== undefined)
      return await serveResumed(services, exchange, exchange.resumes, { ...inference, keepMs });
    exchange.setHeader(onDisconnectHeader, `keep=${keepMs}ms`);
    await serveKept(services, exchange, { ...inference, keepMs });
  } finally {
    release();
  }
}

/** Serves a request whose answer is kept: recorded first, so that another gateway finds it. @throws RequestFailure */
async function serveKept(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference & { readonly keepMs: number },
): Promise<void> {
  const { kept: streams, keptRecords, config } = services;
  const { requestId, principal, request, sentBody } = exchange;
  const { keyId, tenant } = principal;
  const { keepMs } = inference;
  const claim = await keptRecords.claim(requestId, {
    keyId,
    tenant,
    keepMs,
    ttlMs: keptTtlMs(config.requestTimeoutMs, keepMs),
    request: {
      method: exchange.method,
      target: request.url ?? exchange.path,
      headers: keptHeaders(request.headers),
      body: (sentBody ?? Buffer.alloc(0)).toString('base64'),
    },
  });
  const kept = streams.keep(requestId, principal, keepMs);
  releaseWith(kept, claim);
  await serveInference(services, new KeptAnswer(exchange, kept), inference);
}

/** Goes on with an answer that another gateway began: translates it again, from its first line on. */
async function serveResumed(
  services: GatewayServices,
  exchange: Exchange,
  resumes: Resumption,
  named: NamedInference & { readonly keepMs: number },
): Promise<void> {
  // The host has its answer: nothing is asked again.
  const { amend: _, ...inference } = named;
  const { requestId, principal } = exchange;
  const { keepMs, route, body, targets } = inference;
  const { tenant } = principal;
  const kept = services.kept.keep(requestId, principal, keepMs, true);
  const request = { requestId, tenant, principal, route, model: targets[0].short, body, keepMs };
  const call = await services.fleet.adopt(request, kept.signal).catch(() => undefined);
  resumes.settled(call !== undefined);
  if (call === undefined) return kept.end('over');
  const fleet = { ...services.fleet, run: () => call };
  const answer = new KeptAnswer(exchange, kept);
  await serveInference({ ...services, fleet }, answer, { ...inference, targets: [targets[0]] });
}

/** The record of an answer ends with the answer, except where another gateway is to go on with it. */
function releaseWith(kept: KeptRequest, claim: KeptClaim): void {
  void kept.forgotten.then((how) => (how === 'over' ? claim.release() : undefined));
}

/** Time to live of the record of a request: above the time that it may take. */
function keptTtlMs(requestTimeoutMs: number, keepMs: number): number {
  const longestMs = requestTimeoutMs === 0 ? dayMs : Math.min(requestTimeoutMs, dayMs);
  return Math.ceil((longestMs + 2 * keepMs) / 1_000) * 1_000;
}

const dayMs = 86_400_000;

/** Answers a request that did not reach the fleet: it is incomplete or invalid. */
function refuse(
  services: GatewayServices,
  exchange: Exchange,
  label: string,
  failure: RequestFailure,
  format: InferenceEndpoint['unreadable'],
): void {
  const seconds = (services.node.clock.now() - exchange.startedAtMs) / 1_000;
  services.metrics.requestDone(label, 'unknown', exchange.isGone ? 'client-gone' : 'refused', seconds);
  exchange.fail(failure, format);
}
