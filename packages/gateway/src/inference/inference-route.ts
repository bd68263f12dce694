import type { RequestFailure } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { failureOf } from '../failure.ts';
import type { FailureFormat } from '../http/reply.ts';
import type { Right } from '../keys/rights.ts';
import { permittedModels } from '../keys/permitted-models.ts';
import type { Route } from '../http/route.ts';
import { KeptAnswer } from '../keeping/answer-sink.ts';
import { keepMsOf, onDisconnectHeader } from '../keeping/on-disconnect.ts';
import type { Admission } from '../limits/caller-limits.ts';
import type { GatewayServices } from '../services.ts';
import { AnswerMeter } from './answer-meter.ts';
import { estimateTokens } from './estimate-tokens.ts';
import type { Inference } from './inference.ts';
import { resolveName } from './resolve-name.ts';
import { type NamedInference, serveInference } from './serve-inference.ts';

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
        if (right === 'infer') admission = await services.limits.enter(exchange);
        const inference = await endpoint.read(exchange);
        unreadable = undefined;
        const names = resolveName(services, inference.route, inference.model);
        const targets = permittedModels(exchange.principal, names.targets);
        if (admission?.limitsTokens === true) await admission.takeTokens(tokensOf(inference));
        await serve(services, exchange, { ...inference, ...names, targets, label: endpoint.path, meter });
      } catch (error) {
        refuse(services, exchange, endpoint.path, failureOf(error), unreadable);
      } finally {
        admission?.finish(meter.tokens);
      }
    },
  };
}

/** Tokens of an answer whose length a request does not limit: more or less is settled when the answer is there. */
const usualOutput = 512;

function tokensOf({ route, intent, body }: Inference): number {
  if (intent !== 'infer') return 1;
  return estimateTokens(body, usualOutput, route === 'embed' || route === 'embeddings');
}

/** Serves the request to its client, or also to one that comes back after a disconnect. @throws RequestFailure */
async function serve(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference,
): Promise<void> {
  const keepMs = keepMsOf(exchange.header(onDisconnectHeader));
  const { requestId, principal } = exchange;
  const release = services.kept.claim(requestId, keepMs > 0);
  try {
    if (keepMs === 0) return await serveInference(services, exchange, inference);
    exchange.setHeader(onDisconnectHeader, `keep=${keepMs}ms`);
    const kept = services.kept.keep(requestId, principal, keepMs);
    await serveInference(services, new KeptAnswer(exchange, kept), inference);
  } finally {
    release();
  }
}

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
