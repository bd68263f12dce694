export { attribute, genAiVersion, provider } from './names.ts';
export { startTracing } from './start-tracing.ts';
export type { TracedProcess } from './traced-process.ts';
export { formatTraceParent, readTraceParent, type TraceParent } from './trace-parent.ts';
export {
  type Attributes,
  noTracer,
  type Span,
  type SpanEnd,
  type SpanKind,
  type SpanStart,
  type Tracer,
} from './tracer.ts';
