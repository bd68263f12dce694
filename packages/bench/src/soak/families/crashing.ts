import { type ActorRef, type Behaviour, props, receive, setup } from '@drover/actor-core';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';
import { Pool } from '../pool.ts';

type Message =
  | { readonly kind: 'crash'; readonly isLate: boolean }
  | { readonly kind: 'work' }
  | { readonly kind: 'which incarnation'; readonly replyTo: ActorRef<number> };

interface Group {
  readonly crashing: ActorRef<Message>;
  readonly busy: ActorRef<Message>;
}

const crashers = 24;
const groups = 6;
/**
 * Allows more restarts than the load can cause, so that no supervisor gives up. The wait before a restart bounds the
 * number of failures.
 */
const supervision = { intensity: 1_000, periodMs: 100, backoffMs: 5, backoffMaxMs: 40 } as const;
const hourMs = 3_600_000;

/**
 * Failures, thrown or rejected, and their effects: the restart of one child, the restart of a group with a busy
 * child, and a child that is parked.
 */
export function crashing({ node }: SoakNode): Family {
  const { system } = node;
  const counts = { crashed: 0, restarted: 0, parked: 0, gone: 0 };
  const child = props<Message>(() =>
    setup<Message>((context) => {
      // Each incarnation has a child and a timer, which must end with the incarnation.
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
  const together: Group[] = [];
  for (let index = 0; index < groups; index++) {
    system.spawn(
      props<never>(
        () =>
          setup((context) => {
            together.push({ crashing: context.spawn(child, 'crashing'), busy: context.spawn(child, 'busy') });
            return receive(() => undefined);
          }),
        { supervision: { ...supervision, strategy: 'one-for-all' } },
      ),
      `group-${index}`,
    );
  }
  const incarnationOf = (ref: ActorRef<Message>) =>
    system.ask<Message, number>(ref, (replyTo) => ({ kind: 'which incarnation', replyTo }), {
      timeoutMs: askTimeoutMs,
    });
  const crash = async (ref: ActorRef<Message>, n: number): Promise<void> => {
    const incarnation = await incarnationOf(ref);
    counts.crashed++;
    ref.tell({ kind: 'crash', isLate: n % 2 === 0 });
    // The question waits in the mailbox until the next incarnation answers it.
    expectEqual('incarnation', await incarnationOf(ref), incarnation + 1);
    counts.restarted++;
  };
  const idle = new Pool(alone);
  const idleGroups = new Pool(together);
  return {
    operations: [
      { name: 'crash and restart', weight: 30, run: (n) => idle.use((ref) => crash(ref, n)) },
      {
        name: 'crash and restart of a group',
        weight: 6,
        run: (n) =>
          idleGroups.use(async (group) => {
            const incarnation = await incarnationOf(group.busy);
            group.busy.tell({ kind: 'work' });
            await crash(group.crashing, n);
            expectEqual('incarnation of the other child', await incarnationOf(group.busy), incarnation + 1);
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
          counts.parked++;
          const ref = system.spawn(parent);
          expectEqual('end of the parked child', await promise, 'failed');
          await system.stop(ref);
          counts.gone++;
        },
      },
    ],
    audit: async () => [
      { name: 'restarts after crashes', sent: counts.crashed, delivered: counts.restarted },
      { name: 'parked children', sent: counts.parked, delivered: counts.gone },
    ],
  };
}

function working(incarnation: number): Behaviour<Message> {
  return receive<Message>(async (message) => {
    if (message.kind === 'which incarnation') return message.replyTo.tell(incarnation);
    if (message.kind === 'crash' && !message.isLate) throw new Error('a failure of the soak');
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (message.kind === 'crash') throw new Error('a late failure of the soak');
  });
}
