import { type FleetHead, type FleetRequest, isModel, modelKey, passedHeaders } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import { holdFor } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { failureOf } from '../failure.ts';
import { retryAfterSeconds } from '../http/retry-after.ts';
import type { ModelName } from '../model/model-name.ts';
import { modelNotFoundText } from '../model/required-model.ts';
import type { Outcome } from '../observe/request-metrics.ts';
import type { GatewayServices } from '../services.ts';
import { withDefaultKeepAlive } from './default-keep-alive.ts';
import { digestOf } from './digest-header.ts';
import type { Inference } from './inference.ts';
import { pumpStream } from './pump-stream.ts';
import { agreeOnTimeout } from './timeout-header.ts';
import { unloadOthers } from './unload.ts';
import { readWholeAnswer } from './whole-answer.ts';

/** An inference request with a valid model name, ready to run. */
export interface NamedInference extends Inference {
  readonly name: ModelName;
  /** Label in the metrics: the path that the client requested. */
  readonly label: string;
}

/**
 * Runs one request on the fleet and writes its answer. Nothing is written before Ollama's own head has arrived and, for
 * a stream, its first line, so that a failure before that is answered with its status. Never throws.
 */
export async function serveInference(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference,
): Promise<void> {
  const { metrics, node } = services;
  if (inference.ignored.length > 0) exchange.setHeader('x-drover-ignored', inference.ignored.join(','));
  const model = modelLabel(services, inference);
  const outcome = await run(services, exchange, inference, model);
  metrics.requestDone(inference.label, model, outcome, (node.clock.now() - exchange.startedAtMs) / 1_000);
}

async function run(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference,
  label: string,
): Promise<Outcome> {
  const { answer } = inference;
  try {
    const request = requestOf(services, exchange, inference);
    const last = inference.intent === 'unload' ? await unloadOthers(services, request, exchange.signal) : {};
    const call = services.fleet.run({ ...request, ...last }, exchange.signal);
    const head = await call.head;
    exchange.setHeader('x-drover-node', head.node);
    if (head.simulated) exchange.setHeader('x-drover-simulated', '1');
    passHeaders(exchange, head);
    if (isStream(head))
      return await pumpStream(services, exchange, call, answer, { route: inference.label, model: label });
    const hold = holdFor(exchange, services.bodies);
    const body = await readWholeAnswer(call, services.config.maxAnswerBytes, hold);
    exchange.reply(answer.whole(head, body));
    return head.status < 400 ? 'ok' : 'refused';
  } catch (error) {
    return fail(services, exchange, inference, error);
  }
}

function requestOf(
  { config }: GatewayServices,
  exchange: Exchange,
  { route, name, body, intent }: NamedInference,
): FleetRequest {
  return {
    requestId: exchange.requestId,
    route,
    model: name.short,
    body: withDefaultKeepAlive(route, body, config.keepAlive),
    timeoutMs: agreeOnTimeout(exchange, config.requestTimeoutMs),
    firstByteTimeoutMs: config.firstByteTimeoutMs,
    interTokenTimeoutMs: config.interTokenTimeoutMs,
    ...digestOf(exchange.header('x-drover-model-digest')),
    ...(intent !== 'infer' && residencyRouting),
  };
}

/**
 * Routing of a request that only loads or unloads a model: it goes to an instance that has the model loaded, even if
 * that instance is busy, and waits at no other instance. An unload elsewhere would have no effect.
 */
const residencyRouting = { policy: 'resident-first', maxPlaces: 1 } as const;

/** Passes on headers of the host's answer. Every 429 and 503 gets a `retry-after`, even if the host sent none. */
function passHeaders(exchange: Exchange, { status, headers, retryAfterMs }: FleetHead): void {
  for (const name of passedHeaders) {
    const value = headers?.[name];
    if (value !== undefined) exchange.setHeader(name, value);
  }
  if ((status === 429 || status === 503) && headers?.['retry-after'] === undefined)
    exchange.setHeader('retry-after', retryAfterSeconds(retryAfterMs ?? 0));
}

/**
 * Reports a failure to the client, if it is still connected: as a status or, after the first byte, as an error frame.
 */
function fail(
  services: GatewayServices,
  exchange: Exchange,
  inference: NamedInference,
  error: unknown,
): Outcome {
  if (exchange.isGone) return 'client-gone';
  const found = exchange.interruption ?? failureOf(error);
  const failure = found.code === 'model-not-found' ? modelNotFound(inference) : found;
  log(services, exchange.requestId, inference, failure);
  if (exchange.isStarted) {
    exchange.write(inference.answer.brokenStream(failure));
    exchange.end();
    return 'broken';
  }
  exchange.fail(failure);
  return failure.status >= 500 ? 'failed' : 'refused';
}

function log(
  { node, refusals }: GatewayServices,
  requestId: string,
  { model }: NamedInference,
  failure: RequestFailure,
): void {
  const { code, status, cause, retryAfterMs } = failure;
  if (code === 'queue-full') {
    const { message } = cause instanceof Error ? cause : failure;
    refusals.note({ requestId, model, message, retryAfterMs });
  } else if (status >= 500) {
    node.log.warn({ requestId, model, code, cause: cause ?? failure }, `request failed: ${failure.message}`);
  }
}

function modelNotFound({ route, model, name }: NamedInference): RequestFailure {
  return new RequestFailure(404, 'model-not-found', modelNotFoundText(route, model, name), {
    field: 'model',
  });
}

function isStream(head: FleetHead): boolean {
  return head.status === 200 && head.contentType.startsWith('application/x-ndjson');
}

/** Only names that a host lists become labels, so that clients cannot create metrics without bound. */
function modelLabel(services: GatewayServices, { name }: NamedInference): string {
  const key = modelKey(name.short);
  return services.fleet.load.modelNames().find((listed) => isModel(listed, key)) ?? 'unknown';
}
