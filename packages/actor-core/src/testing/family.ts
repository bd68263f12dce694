import type { ActorContext } from '../actor/actor-context.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import { receive, setup, stopped } from '../actor/behaviour.ts';
import type { Next } from '../actor/actor-context.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import { props } from '../cell/create-props.ts';
import type { RuntimeEvent } from '../actor/runtime-event.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';
import { ManualClock } from './manual-clock.ts';
import { advance, settle } from './settle.ts';

export type Command = 'fail' | 'stop' | 'hang' | 'ping';

export interface Family {
  readonly system: ActorSystem;
  readonly clock: ManualClock;
  readonly trace: string[];
  readonly events: RuntimeEvent[];
  readonly children: Map<string, ActorRef<Command>>;
  readonly tell: (child: string, command: Command) => Promise<void>;
  readonly advance: (ms: number) => Promise<void>;
}

/** A supervisor `sup` with the named children; `trace` lists the start and the end of each incarnation. */
export async function family(
  supervision: SupervisionOptions,
  types: Record<string, RestartType>,
  parentRestart: RestartType = 'transient',
  significant: readonly string[] = [],
): Promise<Family> {
  const clock = new ManualClock();
  const system = createActorSystem({ clock });
  const trace: string[] = [];
  const events: RuntimeEvent[] = [];
  const children = new Map<string, ActorRef<Command>>();
  system.onEvent((event) => void events.push(event));
  const handle = (command: Command): Next<Command> | Promise<Next<Command>> => {
    if (command === 'fail') throw new Error('failed on demand');
    if (command === 'hang') return new Promise<never>(() => {});
    return command === 'stop' ? stopped : undefined;
  };
  const child = (name: string, restart: RestartType) =>
    props<Command>(
      () =>
        setup((context: ActorContext<Command>) => {
          trace.push(`+${name}${context.incarnation}`);
          return receive(handle, () => void trace.push(`-${name}${context.incarnation}`));
        }),
      { restart, significant: significant.includes(name) },
    );
  const supervisor = props<never>(
    () =>
      setup((context) => {
        for (const [name, restart] of Object.entries(types))
          children.set(name, context.spawn(child(name, restart), name));
        return receive<never>(() => undefined);
      }),
    { supervision, restart: parentRestart },
  );
  system.spawn(supervisor, 'sup');
  await settle();
  trace.length = 0;
  const tell = async (name: string, command: Command) => {
    children.get(name)?.tell(command);
    await settle();
  };
  return { system, clock, trace, events, children, tell, advance: (ms) => advance(clock, ms) };
}
