import { type FleetHead, type FleetRequest, isModel, modelKey, passedHeaders } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';
import { holdFor } from '../http/body.ts';
import { failureOf } from '../failure.ts';
import { retryAfterHeaders } from '../http/retry-after.ts';
import type { AnswerSink } from '../keeping/answer-sink.ts';
import type { ModelName } from '../model/model-name.ts';
import { modelNotFoundText } from '../model/required-model.ts';
import type { Outcome } from '../observe/request-metrics.ts';
import { stagesOf } from '../observe/stages.ts';
import type { GatewayServices } from '../services.ts';
import { askFleet, type FleetAnswer } from './ask-fleet.ts';
import { mayContinueOf } from './continuation-header.ts';
import { withDefaultKeepAlive } from './default-keep-alive.ts';
import { digestOf } from './digest-header.ts';
import type { AnswerMeter } from './answer-meter.ts';
import type { Inference } from './inference.ts';
import { pumpStream } from './pump-stream.ts';
import type { ResolvedName } from './resolve-name.ts';
import { agreeOnTimeout } from './timeout-header.ts';
import { unloadOthers } from './unload.ts';
import { readWholeAnswer } from './whole-answer.ts';
import { withModel } from './with-model.ts';

/** An inference request with a valid model name, ready to run. */
export interface NamedInference extends Inference, ResolvedName {
  /** Label in the metrics: the path that the client requested. */
  readonly label: string;
  /** Reads what the answer costs. */
  readonly meter: AnswerMeter;
  /** As in `FleetRequest`. @default 0 */
  readonly keepMs?: number;
}

/**
 * Runs one request on the fleet and writes its answer. Nothing is written before Ollama's own head has arrived and, for
 * a stream, its first line, so that a failure before that is answered with its status. Never throws.
 */
export async function serveInference(
  services: GatewayServices,
  exchange: AnswerSink,
  inference: NamedInference,
): Promise<void> {
  const { metrics, node } = services;
  if (inference.ignored.length > 0) exchange.setHeader('x-drover-ignored', inference.ignored.join(','));
  const asked: Asked = { target: inference.targets[0] };
  const outcome = await run(services, exchange, inference, asked);
  const model = modelLabel(services, asked.target);
  const ms = node.clock.now() - exchange.startedAtMs;
  metrics.requestDone(inference.label, model, outcome, ms / 1_000);
  noteStages(services, exchange, asked, ms);
}

/** The model that the request went to so far. */
interface Asked {
  target: ModelName;
  /** Milliseconds from the arrival of the request until it was passed to the fleet. */
  admittedMs?: number;
}

function noteStages(
  { metrics, fleet }: GatewayServices,
  { facts, requestId, principal }: AnswerSink,
  { target, admittedMs }: Asked,
  endedMs: number,
): void {
  facts.model = target.short;
  if (admittedMs === undefined) return;
  const decisions = fleet.why(requestId, principal.tenant);
  facts.stages = stagesOf(decisions, { admittedMs, endedMs, queuedMs: facts.queuedMs }, facts.stages);
  for (const { stage, startedMs, endedMs: untilMs } of facts.stages)
    if (stage !== 'rate-limit') metrics.stageTook(stage, (untilMs - startedMs) / 1_000);
}

async function run(
  services: GatewayServices,
  exchange: AnswerSink,
  inference: NamedInference,
  asked: Asked,
): Promise<Outcome> {
  const { answer } = inference;
  try {
    const { head, call, body: read } = await ask(services, exchange, inference, asked);
    if (head.status === 200)
      inference.meter.answering = { model: asked.target.short, queuedMs: head.queuedMs };
    exchange.setHeader('x-drover-node', head.node);
    exchange.facts.node = head.node;
    exchange.facts.queuedMs = head.queuedMs;
    if (inference.isMapped) exchange.setHeader('x-drover-model', asked.target.short);
    if (head.simulated) exchange.setHeader('x-drover-simulated', '1');
    passHeaders(exchange, head);
    if (isStream(head)) {
      const labels = { route: inference.label, model: modelLabel(services, asked.target) };
      return await pumpStream(services, exchange, call, { answer, meter: inference.meter }, labels);
    }
    const hold = holdFor(exchange, services.bodies);
    const body = read ?? (await readWholeAnswer(call, services.config.maxAnswerBytes, hold));
    inference.meter.addWhole(body);
    exchange.reply(answer.whole(head, body));
    return head.status < 400 ? 'ok' : 'refused';
  } catch (error) {
    return fail(services, exchange, inference, error);
  }
}

async function ask(
  services: GatewayServices,
  exchange: AnswerSink,
  inference: NamedInference,
  asked: Asked,
): Promise<FleetAnswer> {
  const { signal } = exchange;
  const timeoutMs = agreeOnTimeout(exchange, services.config.requestTimeoutMs);
  const requestFor = (target: ModelName, body: Uint8Array): FleetRequest => {
    asked.target = target;
    asked.admittedMs ??= services.node.clock.now() - exchange.startedAtMs;
    return requestOf(services, exchange, inference, { target, body, timeoutMs });
  };
  return await askFleet({
    targets: inference.targets,
    requestFor: async (target) => {
      const request = requestFor(target, inference.body);
      if (inference.intent !== 'unload') return request;
      return { ...request, ...(await unloadOthers(services, request, signal)) };
    },
    amend:
      inference.amend &&
      ((target, status, text) => {
        const body = inference.amend?.(status, text);
        return body && requestFor(target, body);
      }),
    run: (request) => services.fleet.run(request, signal),
    maxAnswerBytes: services.config.maxAnswerBytes,
  });
}

function requestOf(
  { config, node }: GatewayServices,
  exchange: AnswerSink,
  { route, intent, isMapped, keepMs = 0 }: NamedInference,
  {
    target,
    body,
    timeoutMs,
  }: { readonly target: ModelName; readonly body: Uint8Array; readonly timeoutMs: number },
): FleetRequest {
  const named = isMapped
    ? withModel(body, target.short, route === 'show' ? ['model', 'name'] : ['model'])
    : body;
  const passedMs = node.clock.now() - exchange.startedAtMs;
  return {
    requestId: exchange.requestId,
    tenant: exchange.principal.tenant,
    principal: exchange.principal,
    ...(exchange.trace !== undefined && { trace: exchange.trace }),
    route,
    model: target.short,
    body: withDefaultKeepAlive(route, named, config.keepAlive),
    // All models that are tried share one deadline.
    timeoutMs: timeoutMs === 0 || !isMapped ? timeoutMs : Math.max(1, timeoutMs - passedMs),
    ...(keepMs > 0 && { keepMs }),
    mayContinue: mayContinueOf((name) => exchange.header(name)),
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
function passHeaders(exchange: AnswerSink, { status, headers, retryAfterMs }: FleetHead): void {
  for (const name of passedHeaders) {
    const value = headers?.[name];
    if (value !== undefined) exchange.setHeader(name, value);
  }
  if ((status !== 429 && status !== 503) || headers?.['retry-after'] !== undefined) return;
  for (const [name, value] of Object.entries(retryAfterHeaders(retryAfterMs ?? 0)))
    exchange.setHeader(name, value);
}

/**
 * Reports a failure to the client, if it is still connected: as a status or, after the first byte, as an error frame.
 */
function fail(
  services: GatewayServices,
  exchange: AnswerSink,
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

function modelNotFound({ route, model, targets, isMapped }: NamedInference): RequestFailure {
  // The client knows only the name that it wrote.
  const short = isMapped ? model : targets[0].short;
  return new RequestFailure(404, 'model-not-found', modelNotFoundText(route, model, short), {
    field: 'model',
  });
}

function isStream(head: FleetHead): boolean {
  return head.status === 200 && head.contentType.startsWith('application/x-ndjson');
}

/** Only names that a host lists become labels, so that clients cannot create metrics without bound. */
function modelLabel(services: GatewayServices, { short }: ModelName): string {
  const key = modelKey(short);
  return services.fleet.load.modelNames().find((listed) => isModel(listed, key)) ?? 'unknown';
}
