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
import { Runtime } from '../system/runtime.ts';
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

/** Who a system is and what it runs on. Each may be left out. */
export interface ActorSystemOptions {
  /** This process' name on the bus: `[a-z0-9_-]`, 64 characters at most. @default 'local' */
  readonly nodeId?: string;
  /** Larger than that of every earlier life of `nodeId`. @default wall clock milliseconds */
  readonly incarnation?: number;
  /** @default the process' clock */
  readonly clock?: Clock;
  /** @default the process' randomness */
  readonly random?: Random;
  /** @default bounded microtasks, then the event loop */
  readonly scheduler?: Scheduler;
  /** @default says nothing */
  readonly log?: Logger;
  /** Bus that carries messages to other nodes. @default none: this system stands alone */
  readonly bus?: { readonly transport: Transport; readonly subjects: Subjects };
}

/** Starts an actor system. @throws InvalidArgumentError naming the option that cannot be */
export function createActorSystem(options: ActorSystemOptions = {}): ActorSystem {
  return createRuntime(options);
}

/** As `createActorSystem`, with the parts that only this package may touch. */
export function createRuntime(options: ActorSystemOptions): Runtime {
  requireKnownOptions('options', options, systemOptions);
  if (options.bus !== undefined) requireKnownOptions('bus', options.bus, busOptions);
  const clock = options.clock ?? systemClock;
  const incarnation = options.incarnation ?? Math.floor(clock.wallNow());
  if (!(Number.isSafeInteger(incarnation) && incarnation >= 1))
    throw new InvalidArgumentError('incarnation', 'must be a whole number of at least 1');
  const runtime = new Runtime({
    nodeId: requireToken('nodeId', options.nodeId ?? 'local'),
    incarnation,
    clock,
    random: options.random ?? systemRandom,
    scheduler: options.scheduler ?? nodeScheduler(),
    log: options.log ?? silentLogger,
  });
  if (options.bus !== undefined)
    runtime.remoting = new Remoting(runtime, options.bus.transport, options.bus.subjects);
  return runtime;
}
