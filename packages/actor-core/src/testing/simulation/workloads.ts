import { activating } from './activating.ts';
import { commonCounters, type CounterTexts } from './counters.ts';
import { Delivering } from './delivering.ts';
import { Leading } from './leading.ts';
import { journalling } from './journalling.ts';
import { detecting } from './detecting.ts';
import { Messaging } from './messaging.ts';
import { queueing } from './queueing.ts';
import { Registering } from './registering.ts';
import { remembering } from './remembering.ts';
import { storing } from './storing.ts';
import { Streaming } from './streaming.ts';
import { Supervising } from './supervising.ts';
import { Watching } from './watching.ts';
import { Viewing } from './viewing.ts';
import { Working } from './working.ts';
import type { Scenario } from './workload.ts';

/**
 * What a seed plays: all of these together, or some by their names. A part of the runtime with its own guarantees is
 * simulated by a `Workload` that is added here (see `docs/simulation.md`).
 */
const workloads: Readonly<Record<string, Scenario>> = {
  messaging: {
    create: (world) => new Messaging(world),
    counters: {
      answered: 'questions that got their answer',
      refused: 'questions that failed by their deadline',
    },
  },
  supervision: { create: (world) => new Supervising(world), counters: {} },
  watching: {
    create: (world) => new Watching(world),
    counters: { nodeDowns: 'watched actors that were lost with their node' },
  },
  streaming: {
    create: (world) => new Streaming(world),
    counters: {
      redeliveredItems: 'stream items that were sent again after a reader missed them',
      creditStalls: 'stream items that waited for credit of their reader',
    },
  },
  registry: { create: (world) => new Registering(world), counters: {} },
  delivery: {
    create: (world) => new Delivering(world),
    counters: { redeliveredParcels: 'parcels that a consumer got again' },
  },
  remembering,
  viewing: {
    create: (world) => new Viewing(world),
    counters: {
      views: 'views that the control leaders wrote',
      viewWriters: 'control leaders that wrote a view',
      declaredDead: 'incarnations that were declared dead',
      rejoins: 'nodes that were declared dead, though they ran, and joined again',
    },
  },
  work: {
    create: (world) => new Working(world),
    counters: { repeatedJobs: 'jobs that were handled again by another worker' },
  },
  storing,
  entities: activating,
  leading: {
    create: (world) => new Leading(world),
    counters: {
      elections: 'lead records that were accepted',
      takeovers: 'lead records of another node than the one before',
      transfers: 'leaderships that were handed over on request',
      goodbyes: 'leaders that resigned',
      staleWritesRefused: 'writes under an earlier tenure that were refused',
      unknownOutcomes: 'writes whose outcome could not be found out',
      ordersObeyed: 'orders of a leader that a receiver obeyed',
      ordersRefused: 'orders that a receiver refused',
    },
  },
  journalling,
  detection: detecting,
  queueing,
};

export const everything = 'all';
export const scenarioNames: readonly string[] = [everything, ...Object.keys(workloads)];

/** The scenarios of a comma-separated list of names, or all. @throws Error for a name that does not exist */
export function scenariosOf(names: string): Readonly<Record<string, Scenario>> {
  if (names === everything) return workloads;
  const chosen: Record<string, Scenario> = {};
  for (const name of names.split(',')) {
    const scenario = workloads[name];
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
    chosen[name] = scenario;
  }
  return chosen;
}

/** All counters of the named scenarios. */
export function counterTextsOf(names: string): CounterTexts {
  const own = Object.values(scenariosOf(names)).map(({ counters }) => counters);
  return Object.assign({}, names === everything ? commonCounters : {}, ...own) as CounterTexts;
}
