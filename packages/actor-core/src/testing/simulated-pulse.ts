import type { Pulse } from '../membership/pulse/pulse.ts';
import { answerPulse } from '../membership/pulse/pulse.ts';
import type { Scheduler } from '../scheduler.ts';
import type { MemoryHub, MemoryTransport } from '../transport/memory-transport.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { NodeExecution } from './node-execution.ts';

export interface SimulatedPulseParts {
  readonly bus: MemoryHub;
  /** Of the simulation: the thread runs while the main loop of its process does not. */
  readonly scheduler: Scheduler;
  readonly execution: NodeExecution;
  readonly subjects: Subjects;
  readonly node: string;
  readonly incarnation: number;
  /** The main connection of the process. */
  readonly main: MemoryTransport;
}

/** The pulse thread of a simulated process, on a connection of its own. */
export function simulatedPulse(parts: SimulatedPulseParts): Pulse {
  const { bus, scheduler, execution, subjects, node, incarnation, main } = parts;
  const transport = bus.connect(node, scheduler);
  answerPulse(transport, subjects, node, () => {
    if (execution.isStopped) return undefined;
    return { incarnation, lagMs: execution.stalledForMs, isConnected: main.connected };
  });
  return {
    get isRunning() {
      return transport.connected;
    },
    close: () => transport.close(),
  };
}
