import type { FaultRates } from './fault-rates.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { Simulation } from './simulation.ts';

/** One fault of a simulation, or its repair. */
export type Fault =
  /** From now on deliveries are dropped, doubled or delayed at these rates. */
  | { readonly kind: 'lossy'; readonly rates: FaultRates }
  /** No message passes between the two nodes. */
  | { readonly kind: 'cut'; readonly between: readonly [a: string, b: string] }
  | { readonly kind: 'crash'; readonly node: string }
  | { readonly kind: 'pause'; readonly node: string; readonly forMs: number }
  /** The node loses its connection to the bus. */
  | { readonly kind: 'disconnect'; readonly node: string }
  /** All rates and cuts end, and disconnected nodes are reconnected. */
  | { readonly kind: 'heal' }
  /** A crashed node starts its next incarnation. */
  | { readonly kind: 'start'; readonly node: string };

/** Faults with their instants, in milliseconds after the schedule was given to a simulation. */
export type FaultSchedule = readonly { readonly atMs: number; readonly fault: Fault }[];

/**
 * Applies the faults while the simulation runs. A fault of a node that is not there, or a start of one that is, does
 * nothing. `onStart` spawns the actors of a node that starts its next incarnation.
 */
export function scheduleFaults(
  simulation: Simulation,
  schedule: FaultSchedule,
  onStart: (node: SimulatedNode) => void,
): void {
  for (const { atMs, fault } of schedule)
    simulation.clock.setTimer(atMs, () => {
      if (fault.kind !== 'start') strike(simulation, fault);
      else if (!simulation.nodes.has(fault.node)) onStart(simulation.startNode(fault.node));
    });
}

function strike(simulation: Simulation, fault: Exclude<Fault, { readonly kind: 'start' }>): void {
  const { nodes } = simulation;
  switch (fault.kind) {
    case 'lossy':
      simulation.faults = fault.rates;
      break;
    case 'cut':
      simulation.cut(...fault.between);
      break;
    case 'crash':
      nodes.get(fault.node)?.crash();
      break;
    case 'pause':
      nodes.get(fault.node)?.pause(fault.forMs);
      break;
    case 'disconnect':
      simulation.strike('disconnect');
      nodes.get(fault.node)?.transport.disconnect();
      break;
    case 'heal':
      simulation.heal();
      simulation.hub.bus.reconnectAll();
      break;
  }
}
