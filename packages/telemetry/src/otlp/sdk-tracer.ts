import {
  type Attributes as SdkAttributes,
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind as SdkSpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { attribute } from '../names.ts';
import type { Sampling } from '../sampling.ts';
import { formatTraceParent, readTraceParent } from '../trace-parent.ts';
import type { Attributes, Span, SpanEnd, SpanKind, Tracer } from '../tracer.ts';

const kinds: Readonly<Record<SpanKind, SdkSpanKind>> = {
  server: SdkSpanKind.SERVER,
  client: SdkSpanKind.CLIENT,
  internal: SdkSpanKind.INTERNAL,
};

/** Longer values are cut: a path or a name comes from a client. */
const maxValueUnits = 1_024;

/** A tracer over the SDK of OpenTelemetry. Nothing of it is global: two may live in one process. */
export function sdkTracer({
  resource,
  processor,
  sampling,
  version,
  stopWithinMs,
}: {
  readonly resource?: Resource;
  readonly processor: SpanProcessor;
  readonly sampling: Sampling;
  readonly version: string;
  readonly stopWithinMs: number;
}): Tracer {
  const provider = new TracerProvider({
    ...(resource !== undefined && { resource }),
    sampler: samplerOf(sampling),
    spanLimits: { attributeValueLengthLimit: maxValueUnits },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('drover', version);
  return {
    isOn: true,
    start: ({ name, kind, parent, startedAtMs, attributes }) =>
      new RecordedSpan(
        tracer.startSpan(
          name,
          {
            kind: kinds[kind],
            ...(startedAtMs !== undefined && { startTime: startedAtMs }),
            ...(attributes !== undefined && { attributes: known(attributes) }),
          },
          contextOf(parent),
        ),
      ),
    stop: async () => {
      // An endpoint that does not answer would hold the process for the timeout of its export.
      const late = new Promise<void>((resolve) => setTimeout(resolve, stopWithinMs).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

class RecordedSpan implements Span {
  readonly traceparent: string;
  readonly isRecorded: boolean;
  readonly #span: SdkSpan;

  constructor(span: SdkSpan) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.#span = span;
    this.isRecorded = span.isRecording();
    this.traceparent = formatTraceParent({ traceId, spanId, isSampled });
  }

  end({ endedAtMs, attributes, error }: SpanEnd = {}): void {
    const span = this.#span;
    if (attributes !== undefined) span.setAttributes(known(attributes));
    if (error !== undefined) {
      span.setAttribute(attribute.errorType, error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(endedAtMs);
  }
}

function contextOf(parent: string | undefined): Context {
  const read = readTraceParent(parent);
  if (read === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = read;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function samplerOf({ followsParent, ratio }: Sampling): Sampler {
  const root = rootSampler(ratio);
  return followsParent ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(ratio: number): Sampler {
  if (ratio >= 1) return new AlwaysOnSampler();
  return ratio <= 0 ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
}

function known(attributes: Attributes): SdkAttributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as SdkAttributes;
}
