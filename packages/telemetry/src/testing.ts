/** A tracer whose spans a test reads: `import … from '@drover/telemetry/testing'`. */
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { sdkTracer } from './otlp/sdk-tracer.ts';
import type { Tracer } from './tracer.ts';

export interface RecordingTracer {
  readonly tracer: Tracer;
  /** The ended spans in the order of their ends. */
  readonly spans: () => readonly ReadableSpan[];
}

/** Records every span in memory. */
export function recordingTracer(): RecordingTracer {
  const exporter = new InMemorySpanExporter();
  const tracer = sdkTracer({
    processor: new SimpleSpanProcessor({ exporter }),
    sampling: { followsParent: true, ratio: 1 },
    version: 'test',
    stopWithinMs: 1_000,
  });
  return { tracer, spans: () => exporter.getFinishedSpans() };
}
