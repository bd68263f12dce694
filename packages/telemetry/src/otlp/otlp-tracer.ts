import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import { genAiVersion } from '../names.ts';
import { readSampling } from '../sampling.ts';
import type { TracedProcess } from '../traced-process.ts';
import type { Tracer } from '../tracer.ts';
import { sdkTracer } from './sdk-tracer.ts';

const stopWithinMs = 2_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** A tracer that exports over OTLP/HTTP. The exporter reads its own variables, such as the headers, by itself. */
export function exportingTracer(
  { service, version, node }: TracedProcess,
  environment: Environment,
  warn: (message: string) => void,
): Tracer {
  const own = resourceFromAttributes({
    'service.name': service,
    'service.version': version,
    'service.instance.id': node,
    'drover.gen_ai.conventions': genAiVersion,
  });
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(),
    ...bounds(environment),
  });
  return sdkTracer({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    processor,
    sampling: readSampling(environment, warn),
    version,
    stopWithinMs,
  });
}

/** Bounds of the queue before the exporter, out of `OTEL_BSP_…`. A value that is no count is left to the library. */
function bounds(environment: Environment): { maxQueueSize?: number; scheduledDelayMillis?: number } {
  const count = (name: string): number | undefined => {
    const value = Number(environment[name]);
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const maxQueueSize = count('OTEL_BSP_MAX_QUEUE_SIZE');
  const scheduledDelayMillis = count('OTEL_BSP_SCHEDULE_DELAY');
  return {
    ...(maxQueueSize !== undefined && { maxQueueSize }),
    ...(scheduledDelayMillis !== undefined && { scheduledDelayMillis }),
  };
}
