/**
 * One way to reach the simulated Ollama hosts, which is measured beside others. An arm is a small module whose default
 * export is an `Arm`, so that other products can be added: `--arm nginx=./nginx-arm.js`.
 */
export interface Arm {
  readonly name: string;
  /** Starts the processes between client and hosts. Called once for each suite; the hosts run longer than the arm. */
  start(hosts: readonly HostUnderTest[]): Promise<RunningArm>;
}

export interface HostUnderTest {
  readonly url: string;
  readonly pid: number;
  /** Requests that the host serves at once. */
  readonly slots: number;
}

export interface RunningArm {
  /** Base URL for request number `index`; a server with Ollama's route `/api/chat`. */
  urlFor(index: number): string;
  /** Processes whose CPU time the suite charges to this arm. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}
