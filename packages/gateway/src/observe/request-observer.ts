import type { Clock } from '@drover/actor-core';
import { attribute, readTraceParent, type Span, type Tracer } from '@drover/telemetry';
import type { Exchange } from '../http/exchange.ts';
import type { Stage } from '../http/request-facts.ts';
import type { AccessLine, AccessLog } from './access-log.ts';

export interface RequestObserverOptions {
  readonly tracer: Tracer;
  /** Undefined: no lines are written. */
  readonly accessLog: AccessLog | undefined;
  readonly clock: Clock;
}

/** Writes the log line and the spans of each request. */
export class RequestObserver {
  readonly #options: RequestObserverOptions;

  constructor(options: RequestObserverOptions) {
    this.#options = options;
  }

  /** Called at the arrival of each request. */
  opened(exchange: Exchange): void {
    const { tracer, accessLog } = this.#options;
    const given = exchange.header('traceparent');
    exchange.trace = given !== undefined && readTraceParent(given) !== undefined ? given : undefined;
    if ((!tracer.isOn && accessLog === undefined) || probes.has(exchange.facts.route)) return;
    const startedAtMs = this.#options.clock.wallNow();
    const span = tracer.start({
      name: `${exchange.method} ${exchange.facts.route}`.trimEnd(),
      kind: 'server',
      parent: exchange.trace,
      startedAtMs,
      attributes: {
        [attribute.httpMethod]: exchange.method,
        [attribute.httpRoute]: exchange.facts.route,
        [attribute.urlPath]: exchange.path,
        [attribute.requestId]: exchange.requestId,
      },
    });
    if (span.traceparent !== '') exchange.trace = span.traceparent;
    const describe = this.#describer(exchange, startedAtMs);
    const finish = async (): Promise<void> => {
      await exchange.closed;
      const line = describe();
      accessLog?.write(line);
      if (span.isRecorded) this.#end(span, exchange, line, startedAtMs);
    };
    void finish();
  }

  /** The address and the bytes are read now: a socket that is closed has no address. */
  #describer(exchange: Exchange, startedAtMs: number): () => AccessLine {
    const { request, facts } = exchange;
    const { socket } = request;
    const client = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
    const bytesBefore = socket.bytesWritten;
    return () => ({
      time: new Date(startedAtMs).toISOString(),
      requestId: exchange.requestId,
      traceId: readTraceParent(exchange.trace)?.traceId,
      method: exchange.method,
      path: exchange.path,
      route: facts.route,
      status: exchange.status,
      gone: exchange.isCut ? true : undefined,
      key: exchange.principal.keyId === '' ? undefined : exchange.principal.keyId,
      tenant: exchange.principal.tenant,
      client,
      model: facts.model,
      node: facts.node,
      ms: round(this.#options.clock.now() - exchange.startedAtMs),
      queuedMs: facts.queuedMs,
      firstByteMs: facts.firstByteMs === undefined ? undefined : round(facts.firstByteMs),
      bytes: socket.bytesWritten - bytesBefore,
    });
  }

  #end(span: Span, { facts, isCut }: Exchange, line: AccessLine, startedAtMs: number): void {
    for (const stage of facts.stages ?? []) this.#record(stage, span.traceparent, startedAtMs);
    const { status } = line;
    const error = isCut ? 'client-gone' : String(status);
    span.end({
      endedAtMs: startedAtMs + line.ms,
      attributes: {
        [attribute.httpStatus]: status,
        [attribute.tenant]: line.tenant,
        [attribute.key]: line.key,
        [attribute.genAiRequestModel]: line.model,
        [attribute.node]: line.node,
        [attribute.queuedMs]: line.queuedMs,
        [attribute.firstByteMs]: line.firstByteMs,
        [attribute.bytes]: line.bytes,
      },
      ...((isCut || status >= 500) && { error }),
    });
  }

  #record(
    { stage, startedMs, endedMs, place, outcome, hosts }: Stage,
    parent: string,
    originMs: number,
  ): void {
    const [node, instance] = place?.split('/') ?? [];
    this.#options.tracer
      .start({
        name: stage === 'attempt' ? `attempt ${place ?? ''}` : stage,
        kind: 'internal',
        parent,
        startedAtMs: originMs + startedMs,
        attributes: {
          [attribute.stage]: stage,
          [attribute.node]: node,
          [attribute.instance]: instance,
          [attribute.outcome]: outcome,
          [attribute.hosts]: hosts,
        },
      })
      .end({
        endedAtMs: originMs + endedMs,
        ...(outcome !== undefined && !wellEnded.has(outcome) && { error: outcome }),
      });
  }
}

/** Routes that are asked every second, also by the gateway itself. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

const wellEnded: ReadonlySet<string> = new Set(['served', 'moved', 'running']);

/** To a tenth of a millisecond. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
