import type { OllamaSimConfig } from './config.ts';
import type { FaultBoard } from './fault/faults.ts';
import type { Inference } from './inference/inference.ts';
import type { Puller } from './library/pull.ts';
import type { Catalogue } from './model/catalogue.ts';
import type { Scheduler } from './runner/scheduler.ts';
import type { Vocabulary } from './runner/vocabulary.ts';

/** Counters of the HTTP side, for `/sim/state`. */
interface HttpCounters {
  requestsServed: number;
  openConnections: number;
}

/** What the route handlers share. */
export interface Services {
  readonly config: OllamaSimConfig;
  readonly catalogue: Catalogue;
  readonly scheduler: Scheduler;
  readonly vocabulary: Vocabulary;
  readonly faults: FaultBoard;
  readonly inference: Inference;
  readonly puller: Puller;
  readonly http: HttpCounters;
}
