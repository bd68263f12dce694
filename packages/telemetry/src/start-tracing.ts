import type { TracedProcess } from './traced-process.ts';
import { noTracer, type Tracer } from './tracer.ts';

/**
 * Records and exports the spans of a process over OTLP/HTTP as the usual `OTEL_…` variables say. Without an endpoint in
 * `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or with `OTEL_SDK_DISABLED=true`, nothing is
 * recorded and the exporter is not loaded.
 *
 * At most 2,048 ended spans wait for the exporter (`OTEL_BSP_MAX_QUEUE_SIZE`); more are dropped. An endpoint that does
 * not answer never delays a request.
 */
export async function startTracing(
  process: TracedProcess,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): Promise<Tracer> {
  const endpoint =
    environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (endpoint === '' || environment['OTEL_SDK_DISABLED'] === 'true') return noTracer;
  if (environment['OTEL_TRACES_EXPORTER'] === 'none') return noTracer;
  if (!URL.canParse(endpoint) || !endpoint.startsWith('http')) {
    warn(
      `OTEL_EXPORTER_OTLP_ENDPOINT is ${endpoint}; it takes the URL of an OTLP/HTTP receiver. Nothing is traced`,
    );
    return noTracer;
  }
  const { exportingTracer } = await import('./otlp/otlp-tracer.ts');
  return exportingTracer(process, environment, warn);
}
