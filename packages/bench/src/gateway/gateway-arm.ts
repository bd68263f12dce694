/**
 * One way from a client to an Ollama over HTTP, which is measured beside others. An arm is a small module whose default
 * export is a `GatewayArm`, so that other products can be added: `--arm kong=./kong-arm.js`.
 */
export interface GatewayArm {
  readonly name: string;
  /** The parts that a request passes, in one line for the report. */
  readonly path: string;
  /** Versions of these parts. @throws Error naming what is missing; the arm is then reported as not available */
  version(): string;
  /** Starts the processes between the client and the Ollama at `hostUrl`. Resolves when they serve requests. */
  start(hostUrl: string): Promise<RunningGateway>;
}

export interface RunningGateway {
  /** Base URL of a server with Ollama's route `/api/chat`. */
  readonly url: string;
  /** Processes whose CPU time and memory are reported. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}
