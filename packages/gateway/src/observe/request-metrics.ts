import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { FastHistogram } from './fast-histogram.ts';

/** Result of a request, as a label of metrics. */
export type Outcome =
  | 'ok'
  /** The client disconnected. */
  | 'client-gone'
  /** Status below 500. */
  | 'refused'
  /** Status 500 or above. */
  | 'failed'
  /** The stream failed after its first byte. */
  | 'broken';

/** Counts and times requests. Labels must be bounded: `route` is a known path, `model` a listed name or `unknown`. */
export interface RequestMetrics {
  requestDone(route: string, model: string, outcome: Outcome, seconds: number): void;
  stageTook(stage: string, seconds: number): void;
  streamBegan(): void;
  streamEnded(): void;
  firstToken(route: string, model: string, seconds: number): void;
  /** Returns a function that takes the time between two batches of lines of one stream. */
  betweenTokens(route: string, model: string): (seconds: number) => void;
}

const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const tokenBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const labelNames = ['route', 'model'] as const;
  const requests = new Counter({
    name: 'drover_requests_total',
    help: 'Requests by result.',
    labelNames: ['route', 'model', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'drover_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  });
  const firstToken = new Histogram({
    name: 'drover_first_token_seconds',
    help: 'Time from the arrival of a request to the first bytes of its answer.',
    labelNames,
    buckets: latencyBuckets,
    registers,
  });
  const betweenTokens = new FastHistogram({
    name: 'drover_inter_token_seconds',
    help: 'Time between two batches of lines of one stream.',
    buckets: tokenBuckets,
    registry,
  });
  const stages = new FastHistogram({
    name: 'drover_stage_seconds',
    help: 'Time of the stages of a request: admission, rate-limit, health, breaker, queue, attempt, retry.',
    buckets: latencyBuckets,
    registry,
  });
  const streams = new Gauge({
    name: 'drover_active_streams',
    help: 'Streams that are being written to clients.',
    registers,
  });
  return {
    requestDone: (route, model, outcome, seconds): void => {
      requests.inc({ route, model, outcome });
      duration.observe({ route, model }, seconds);
    },
    stageTook: (stage, seconds): void => stages.series({ stage }).observe(seconds),
    streamBegan: (): void => streams.inc(),
    streamEnded: (): void => streams.dec(),
    firstToken: (route, model, seconds): void => firstToken.observe({ route, model }, seconds),
    betweenTokens: (route, model): ((seconds: number) => void) => {
      const series = betweenTokens.series({ route, model });
      return (seconds): void => series.observe(seconds);
    },
  };
}
