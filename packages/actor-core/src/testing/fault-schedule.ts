import type { FaultRates } from './fault-rates.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { Simulation } from './simulation.ts';

/** One thing that goes wrong in a simulation, or is put right. */
export type Fault =
  /** From now on deliveries are lost, doubled or delayed at these rates. */
  | { readonly kind: 'lossy'; readonly rates: FaultRates }
  /** Nothing passes between the two. */
  | { readonly kind: 'cut'; readonly between: readonly [a: string, b: string] }
  | { readonly kind: 'crash'; readonly node: string }
  | { readonly kind: 'pause'; readonly node: string; readonly forMs: number }
  /** Its connection to the bus is lost. */
  | { readonly kind: 'disconnect'; readonly node: string }
  /** All rates and cuts end, and who was disconnected is back. */
  | { readonly kind: 'heal' }
  /** A node that crashed begins its next life. */
  | { readonly kind: 'start'; readonly node: string };

/** Faults with the instants they strike at, in milliseconds from the moment the schedule is given to a simulation. */
export type FaultSchedule = readonly { readonly atMs: number; readonly fault: Fault }[];

/**
 * Lets the faults strike while the simulation runs. Those of a node that is not there, or that already is, do nothing.
 * `onStart` puts actors on a node that begins its next life.
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
