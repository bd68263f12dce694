import type { OllamaSimConfig } from './config.ts';
import type { FaultBoard } from './fault/faults.ts';
import type { Inference } from './inference/inference.ts';
import type { Puller } from './library/pull.ts';
import type { ModelStore } from './model/model-store.ts';
import type { SimDisk } from './model/sim-disk.ts';
import type { Scheduler } from './runner/scheduler.ts';
import type { Vocabulary } from './text/vocabulary.ts';

/** Counters of the HTTP server, for `/sim/state`. */
interface HttpCounters {
  requestsServed: number;
  openConnections: number;
}

/** The parts that all route handlers use. */
export interface Services {
  readonly config: OllamaSimConfig;
  readonly modelStore: ModelStore;
  readonly scheduler: Scheduler;
  readonly vocabulary: Vocabulary;
  readonly faults: FaultBoard;
  readonly inference: Inference;
  readonly puller: Puller;
  readonly disk: SimDisk;
  readonly http: HttpCounters;
}
