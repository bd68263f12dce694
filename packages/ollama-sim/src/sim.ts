import { type OllamaSimOptions, resolveConfig } from './config.ts';
import { applyFault, type FaultRequest } from './control/apply-fault.ts';
import { FaultBoard } from './fault/faults.ts';
import { type SimState, stateOf } from './control/state.ts';
import { listen } from './server/server.ts';
import { Inference } from './inference/inference.ts';
import { Puller } from './library/pull.ts';
import { ModelStore } from './model/model-store.ts';
import { SimDisk } from './model/sim-disk.ts';
import { Scheduler } from './runner/scheduler.ts';
import { Vocabulary } from './text/vocabulary.ts';
import type { Services } from './services.ts';

/** A running simulated server. */
export interface OllamaSim {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** The answer of `GET /sim/state`. */
  state(): SimState;
  /** The effect of `POST /sim/fault`. */
  fault(request: FaultRequest): void;
  /** Stops at once. Streams are cut without their last chunk, as by a signal. */
  close(): Promise<void>;
}

/**
 * Starts a simulated Ollama in this process. Without a port it takes a free one.
 *
 * @throws InvalidArgumentError for an invalid option
 * @throws Error of the system (`code` EADDRINUSE) when the port is taken
 */
export async function startOllamaSim(options: OllamaSimOptions = {}): Promise<OllamaSim> {
  const config = resolveConfig({ ...options, port: options.port ?? 0 });
  const faults = new FaultBoard();
  const vocabulary = new Vocabulary();
  const disk = new SimDisk(config.data, config.models);
  const modelStore = new ModelStore(disk);
  const scheduler = new Scheduler(config, faults, vocabulary);
  const inference = new Inference(config, modelStore, scheduler, vocabulary, faults);
  const http = { requestsServed: 0, openConnections: 0 };
  const puller = new Puller(config, modelStore, disk);
  const services: Services = {
    config,
    modelStore,
    scheduler,
    vocabulary,
    faults,
    inference,
    puller,
    disk,
    http,
  };
  const listening = await listen(services);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${listening.port}`,
    port: listening.port,
    state: () => stateOf(services),
    fault: (request) => applyFault(request, services),
    close: () => listening.close(),
  };
}
