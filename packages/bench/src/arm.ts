/**
 * One thing under measurement: a way to reach the same simulated Ollama hosts. An arm is a small module whose
 * default export is an `Arm`, so that anyone can put a peer beside ours: `--arm nginx=./nginx-arm.js`.
 */
export interface Arm {
  readonly name: string;
  /** Starts whatever stands between client and hosts. Called once a suite; the hosts outlive it. */
  start(hosts: readonly HostUnderTest[]): Promise<RunningArm>;
}

export interface HostUnderTest {
  readonly url: string;
  readonly pid: number;
  /** Requests it is allowed at once. */
  readonly slots: number;
}

export interface RunningArm {
  /** Base URL that request number `index` goes to; it speaks Ollama's `/api/chat`. */
  urlFor(index: number): string;
  /** Processes whose CPU time the suite charges to this arm. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}
