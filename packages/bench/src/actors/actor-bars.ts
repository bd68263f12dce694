import type { Limit } from '../report.ts';

/** Required ratio of Drover's figure to the figure of another arm in the same round. */
export interface ActorBar {
  /** Name of a figure of `measuresOf`. */
  readonly figure: string;
  /** Name of an arm, or `nodePeers`. */
  readonly against: string;
  readonly limit: Limit;
  readonly aim?: number;
}

/** Value of `against` that means every other arm that runs in Node and has a mailbox. */
export const nodePeers = 'node peers';

export const actorBars: readonly ActorBar[] = [
  { figure: 'windowed-tell', against: 'erlang', limit: { atLeast: 1 }, aim: 1.3 },
  { figure: 'windowed-tell', against: nodePeers, limit: { atLeast: 1 } },
  { figure: 'ask', against: 'erlang', limit: { atLeast: 1 }, aim: 1.2 },
  { figure: 'ask', against: nodePeers, limit: { atLeast: 1 } },
  { figure: 'ping-pong', against: 'erlang', limit: { atLeast: 1.1 }, aim: 1.3 },
  { figure: 'ring', against: 'erlang', limit: { atLeast: 2 }, aim: 3 },
  { figure: 'burst', against: 'nact', limit: { atLeast: 2.5 } },
  { figure: 'spawn-stop', against: 'nact', limit: { atLeast: 2 }, aim: 3 },
  { figure: 'idle-heap', against: 'nact', limit: { atMost: 0.5 }, aim: 0.35 },
];
