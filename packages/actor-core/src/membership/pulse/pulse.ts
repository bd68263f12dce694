import type { Subjects } from '../../transport/subjects.ts';
import { anyToken } from '../../transport/subjects.ts';
import type { Transport, TransportSubscription } from '../../transport/transport.ts';
import type { PulseAnswer } from '../swim/swim-state.ts';
import { encodePulse } from './pulse-codec.ts';

/** Answers for a process on a connection of its own while the main loop of the process is blocked. */
export interface Pulse {
  /** Whether it is connected and answers; until then the main loop answers. */
  readonly isRunning: boolean;
  /** Ends the thread and its connection. Further calls do nothing. */
  close(): Promise<void>;
}

/** Subscribes to the pulse subject of a node and answers questions there. */
export function answerPulse(
  transport: Transport,
  subjects: Subjects,
  node: string,
  answer: () => PulseAnswer | undefined,
): TransportSubscription {
  return transport.subscribe(subjects.inbox(node, 'pulse', anyToken), ({ payload, respond }) => {
    // Of a knock only the presence of this subscription matters.
    if (payload.length === 0 || respond === undefined) return;
    const given = answer();
    if (given !== undefined) respond(encodePulse(given));
  });
}
