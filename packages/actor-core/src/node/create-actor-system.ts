import type { Clock } from '../clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { InvalidArgumentError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import { systemRandom } from '../random/system-random.ts';
import type { Random } from '../random.ts';
import { Remoting } from '../remoting/remoting.ts';
import { nodeScheduler } from '../scheduler/node-scheduler.ts';
import type { Scheduler } from '../scheduler.ts';
import { requireToken, type Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { LocalSystem } from '../system/local-system.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const busOptions = optionNames<NonNullable<ActorSystemOptions['bus']>>({ transport: true, subjects: true });
const systemOptions = optionNames<ActorSystemOptions>({
  nodeId: true,
  incarnation: true,
  clock: true,
  random: true,
  scheduler: true,
  log: true,
  bus: true,
});

/** Identity and injected parts of an actor system. Every option may be left out. */
export interface ActorSystemOptions {
  /** Name of this process on the bus: `[a-z0-9_-]`, 64 characters at most. @default 'local' */
  readonly nodeId?: string;
  /** Larger than the incarnation of every earlier process with this `nodeId`. @default wall clock milliseconds */
  readonly incarnation?: number;
  /** @default the clock of the process */
  readonly clock?: Clock;
  /** @default the randomness of the process */
  readonly random?: Random;
  /** @default bounded microtasks, then the event loop */
  readonly scheduler?: Scheduler;
  /** @default no log */
  readonly log?: Logger;
  /** Bus that carries messages to other nodes. @default none: a system of one process */
  readonly bus?: { readonly transport: Transport; readonly subjects: Subjects };
}

/** Starts an actor system. @throws InvalidArgumentError naming the invalid option */
export function createActorSystem(options: ActorSystemOptions = {}): ActorSystem {
  return createLocalSystem(options);
}

/** As `createActorSystem`, with the parts that only this package uses. */
export function createLocalSystem(options: ActorSystemOptions): LocalSystem {
  requireKnownOptions('options', options, systemOptions);
  const { bus } = options;
  if (bus !== undefined) requireKnownOptions('bus', bus, busOptions);
  const clock = options.clock ?? systemClock;
  const incarnation = options.incarnation ?? Math.floor(clock.wallNow());
  if (!(Number.isSafeInteger(incarnation) && incarnation >= 1))
    throw new InvalidArgumentError('incarnation', 'must be a whole number of at least 1');
  const system = new LocalSystem({
    nodeId: requireToken('nodeId', options.nodeId ?? 'local'),
    incarnation,
    clock,
    random: options.random ?? systemRandom,
    scheduler: options.scheduler ?? nodeScheduler(),
    log: options.log ?? silentLogger,
  });
  if (bus !== undefined) system.connect(new Remoting(system.node, bus.transport, bus.subjects));
  return system;
}
