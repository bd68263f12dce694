import {
  type FleetCall,
  type FleetHead,
  type FleetRequest,
  type InferenceRoute,
  passedHeaders,
} from '@drover/fleet';
import type { AnswerDialect, Reply } from './answer-dialect.ts';
import { RequestFailure } from '../errors.ts';
import { holdFor } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { failureOf, retryAfterOf } from '../http/failure.ts';
import { modelKey, type ModelName } from '../model/model-name.ts';
import { modelNotFoundText } from '../dialects/native/native-request.ts';
import type { Outcome } from '../observe/gateway-metrics.ts';
import type { GatewayServices } from '../services.ts';
import { withDefaultKeepAlive } from './default-keep-alive.ts';
import { pumpStream } from './pump-stream.ts';
import { digestOf } from './digest-header.ts';
import { agreeOnTimeout } from './timeout-header.ts';
import { unloadOthers } from './unload.ts';

/** One inference request, ready to run: read, checked and translated. */
export interface Inference {
  /** Label for the metrics: the path the client asked. */
  readonly label: string;
  readonly route: InferenceRoute;
  /** As the client wrote it. */
  readonly model: string;
  readonly name: ModelName;
  /** Ollama-native JSON. */
  readonly body: Uint8Array;
  readonly dialect: AnswerDialect;
  /** `load` and `unload` do nothing else. */
  readonly intent: 'infer' | 'load' | 'unload';
  /** Fields nobody acts on. */
  readonly ignored: readonly string[];
}

/**
 * Runs one request on the fleet and writes its answer. Nothing is written before Ollama's own head is here and, for
 * a stream, its first line, so that everything that goes wrong before keeps its status. Never throws.
 */
export async function serveInference(
  services: GatewayServices,
  exchange: Exchange,
  inference: Inference,
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
  inference: Inference,
  label: string,
): Promise<Outcome> {
  const { dialect } = inference;
  try {
    const fleet = inference.intent === 'infer' ? services.fleet : services.residency;
    const request: FleetRequest = {
      requestId: exchange.requestId,
      route: inference.route,
      model: inference.name.short,
      body: withDefaultKeepAlive(inference.route, inference.body, services.config.keepAlive),
      timeoutMs: agreeOnTimeout(exchange, services.config.requestTimeoutMs),
      firstByteTimeoutMs: services.config.firstByteTimeoutMs,
      interTokenTimeoutMs: services.config.interTokenTimeoutMs,
      ...digestOf(exchange.header('x-drover-model-digest')),
    };
    const last = inference.intent === 'unload' ? await unloadOthers(services, request, exchange.signal) : {};
    const call = fleet.run({ ...request, ...last }, exchange.signal);
    const head = await call.head;
    exchange.setHeader('x-drover-node', head.node);
    if (head.simulated) exchange.setHeader('x-drover-simulated', '1');
    passHeaders(exchange, head);
    if (isStream(head))
      return await pumpStream(services, exchange, call, dialect, { route: inference.label, model: label });
    const body = await readWhole(call, services.config.maxAnswerBytes, holdFor(exchange, services.bodies));
    exchange.reply(dialect.whole(head, body));
    return head.status < 400 ? 'ok' : 'refused';
  } catch (error) {
    return fail(services, exchange, inference, error);
  }
}

/** Headers passed on from the host's answer. Every 429 and 503 gets a `retry-after`, also where the host sent none. */
function passHeaders(exchange: Exchange, { status, headers, retryAfterMs }: FleetHead): void {
  for (const name of passedHeaders) {
    const value = headers?.[name];
    if (value !== undefined) exchange.setHeader(name, value);
  }
  if ((status === 429 || status === 503) && headers?.['retry-after'] === undefined)
    exchange.setHeader('retry-after', String(Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000))));
}

/** Tells the client what went wrong, if there still is one, as a status or, after the first byte, as an error frame. */
function fail(services: GatewayServices, exchange: Exchange, inference: Inference, error: unknown): Outcome {
  if (exchange.isGone) return 'client-gone';
  const found = exchange.interruption ?? failureOf(error);
  const failure = found.code === 'model-not-found' ? modelNotFound(inference) : found;
  const { requestId } = exchange;
  if (found.code === 'queue-full') {
    const { message } = found.cause instanceof Error ? found.cause : found;
    services.refusals.note({ requestId, model: inference.model, message, retryAfterMs: found.retryAfterMs });
  } else if (failure.status >= 500) {
    const facts = {
      requestId,
      model: inference.model,
      code: failure.code,
      cause: failure.cause ?? failure,
    };
    services.node.log.warn(facts, `request failed: ${failure.message}`);
  }
  if (exchange.isStarted) {
    exchange.write(inference.dialect.brokenStream(failure));
    exchange.end();
    return 'broken';
  }
  setRetryAfter(exchange, failure);
  exchange.reply(inference.dialect.failure(failure));
  return failure.status >= 500 ? 'failed' : 'refused';
}

/** Answers a request that never reached the fleet: it could not be read, or makes no sense. */
export function refuseInference(
  services: GatewayServices,
  exchange: Exchange,
  label: string,
  error: unknown,
  reply: (failure: RequestFailure) => Reply,
): void {
  const failure = failureOf(error);
  setRetryAfter(exchange, failure);
  const seconds = (services.node.clock.now() - exchange.startedAtMs) / 1_000;
  services.metrics.requestDone(label, 'unknown', exchange.isGone ? 'client-gone' : 'refused', seconds);
  exchange.reply(reply(failure));
}

export function setRetryAfter(exchange: Exchange, failure: RequestFailure): void {
  const retryAfterMs = retryAfterOf(failure);
  if (retryAfterMs === undefined) return;
  exchange.setHeader('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
}

function modelNotFound({ route, model, name }: Inference): RequestFailure {
  return new RequestFailure(404, 'model-not-found', modelNotFoundText(route, model, name), {
    field: 'model',
  });
}

function isStream(head: FleetHead): boolean {
  return head.status === 200 && head.contentType.startsWith('application/x-ndjson');
}

async function readWhole(
  call: FleetCall,
  maxAnswerBytes: number,
  hold: (bytes: number) => void,
): Promise<string> {
  const pieces: string[] = [];
  let size = 0;
  for await (const lines of call.lines) {
    for (const line of lines) {
      size += line.length;
      if (size > maxAnswerBytes) {
        throw new RequestFailure(
          502,
          'bad-upstream',
          `the host's answer is longer than ${maxAnswerBytes} bytes`,
        );
      }
      hold(size);
      pieces.push(line);
    }
  }
  return pieces.join('\n');
}

/** Only names a host lists become labels: clients must not be able to grow the metrics. */
function modelLabel(services: GatewayServices, { name }: Inference): string {
  const key = modelKey(name);
  return services.fleet.load.modelNames().find((listed) => listed.toLowerCase() === key) ?? 'unknown';
}
