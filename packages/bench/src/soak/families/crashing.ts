import { type ActorRef, type Behaviour, props, receive, setup } from '@drover/actor-core';
import { askTimeoutMs, expectEqual, type Family, type Place } from '../family.ts';
import { Pool } from '../pool.ts';

type Message =
  | { readonly kind: 'crash'; readonly isLate: boolean }
  | { readonly kind: 'work' }
  | { readonly kind: 'which life'; readonly replyTo: ActorRef<number> };

interface Household {
  readonly crashing: ActorRef<Message>;
  readonly busy: ActorRef<Message>;
}

const crashers = 24;
const households = 6;
/** More than the load can cause, so that nobody gives up; the wait before a restart is what limits them. */
const supervision = { intensity: 1_000, periodMs: 100, backoffMs: 5, backoffMaxMs: 40 } as const;
const hourMs = 3_600_000;

/** Failures, thrown or rejected, and the restarts after them: of one child, of a group with a busy one in it, and none (parked). */
export function crashing({ node }: Place): Family {
  const { system } = node;
  const lives = { crashed: 0, restarted: 0, parked: 0, gone: 0 };
  const child = props<Message>(() =>
    setup<Message>((context) => {
      // What an incarnation has: a child and a timer, gone with it.
      context.spawn(props<never>(() => receive(() => undefined)));
      context.setInterval('beat', hourMs, { kind: 'work' });
      return working(context.incarnation);
    }),
  );
  const alone: ActorRef<Message>[] = [];
  system.spawn(
    props<never>(
      () =>
        setup((context) => {
          for (let index = 0; index < crashers; index++) alone.push(context.spawn(child, `crasher-${index}`));
          return receive(() => undefined);
        }),
      { supervision: { ...supervision, dynamic: true } },
    ),
    'crashers',
  );
  const together: Household[] = [];
  for (let index = 0; index < households; index++) {
    system.spawn(
      props<never>(
        () =>
          setup((context) => {
            together.push({ crashing: context.spawn(child, 'crashing'), busy: context.spawn(child, 'busy') });
            return receive(() => undefined);
          }),
        { supervision: { ...supervision, strategy: 'one-for-all' } },
      ),
      `household-${index}`,
    );
  }
  const lifeOf = (ref: ActorRef<Message>) =>
    system.ask<Message, number>(ref, (replyTo) => ({ kind: 'which life', replyTo }), {
      timeoutMs: askTimeoutMs,
    });
  const crash = async (ref: ActorRef<Message>, n: number): Promise<void> => {
    const life = await lifeOf(ref);
    lives.crashed++;
    ref.tell({ kind: 'crash', isLate: n % 2 === 0 });
    // Kept in the mailbox, for the next life to answer.
    expectEqual('life', await lifeOf(ref), life + 1);
    lives.restarted++;
  };
  const idle = new Pool(alone);
  const idleHouseholds = new Pool(together);
  return {
    operations: [
      { name: 'crash and restart', weight: 30, run: (n) => idle.use((ref) => crash(ref, n)) },
      {
        name: 'crash and restart of a group',
        weight: 6,
        run: (n) =>
          idleHouseholds.use(async (household) => {
            const life = await lifeOf(household.busy);
            household.busy.tell({ kind: 'work' });
            await crash(household.crashing, n);
            expectEqual('life of the other', await lifeOf(household.busy), life + 1);
          }),
      },
      {
        name: 'crash that parks',
        weight: 4,
        run: async () => {
          const { promise, resolve } = Promise.withResolvers<string>();
          const parent = props<never>(
            () =>
              setup((context) => {
                const doomed = context.spawn(props<Message>(() => working(1)));
                context.watch(doomed);
                doomed.tell({ kind: 'crash', isLate: false });
                return receive(
                  () => undefined,
                  (signal) => {
                    if (signal.type === 'terminated') resolve(signal.reason);
                  },
                );
              }),
            { supervision: { dynamic: true, intensity: 0 } },
          );
          lives.parked++;
          const ref = system.spawn(parent);
          expectEqual('end of the parked', await promise, 'failed');
          await system.stop(ref);
          lives.gone++;
        },
      },
    ],
    audit: async () => [
      { name: 'restarts after crashes', sent: lives.crashed, delivered: lives.restarted },
      { name: 'parked children', sent: lives.parked, delivered: lives.gone },
    ],
  };
}

function working(incarnation: number): Behaviour<Message> {
  return receive<Message>(async (message) => {
    if (message.kind === 'which life') return message.replyTo.tell(incarnation);
    if (message.kind === 'crash' && !message.isLate) throw new Error('a failure of the soak');
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (message.kind === 'crash') throw new Error('a late failure of the soak');
  });
}
