import { type OllamaSimOptions, resolveConfig } from './config.ts';
import { applyFault, type FaultRequest } from './fault/apply.ts';
import { FaultBoard } from './fault/faults.ts';
import { type SimState, stateOf } from './fault/state.ts';
import { listen } from './http/server.ts';
import { Inference } from './inference/inference.ts';
import { Puller } from './library/pull.ts';
import { Catalogue } from './model/catalogue.ts';
import { Scheduler } from './runner/scheduler.ts';
import { Vocabulary } from './runner/vocabulary.ts';
import type { Services } from './services.ts';

/** A simulated server that listens. */
export interface OllamaSim {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** What `GET /sim/state` answers. */
  state(): SimState;
  /** What `POST /sim/fault` does. */
  fault(request: FaultRequest): void;
  /** Stops at once: streams are cut without their last chunk, as by a signal. */
  close(): Promise<void>;
}

/**
 * Starts a simulated Ollama in this process, on a free port unless one is named.
 *
 * @throws InvalidArgumentError for an option that cannot be used
 * @throws the system's error (`code` EADDRINUSE) when the port is taken
 */
export async function startOllamaSim(options: OllamaSimOptions = {}): Promise<OllamaSim> {
  const config = resolveConfig({ ...options, port: options.port ?? 0 });
  const faults = new FaultBoard();
  const vocabulary = new Vocabulary();
  const catalogue = new Catalogue(config.models);
  const scheduler = new Scheduler(config, faults, vocabulary);
  const inference = new Inference(config, catalogue, scheduler, vocabulary, faults);
  const http = { requestsServed: 0, openConnections: 0 };
  const puller = new Puller(config, catalogue);
  const services: Services = { config, catalogue, scheduler, vocabulary, faults, inference, puller, http };
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
