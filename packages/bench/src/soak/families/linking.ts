import { type ActorRef, props, receive, setup, stopped, type TerminationReason } from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

const fellowMessage = z.enum(['crash', 'stop']);
type FellowMessage = z.infer<typeof fellowMessage>;
const innMessage = z.object({ replyTo: actorRefSchema<ActorRef<FellowMessage>>() });
type InnMessage = z.infer<typeof innMessage>;
const echoMessage = z.object({ seq: z.number().int(), replyTo: actorRefSchema<number>() });
type EchoMessage = z.infer<typeof echoMessage>;

/** Links in both processes whose other side fails or stops in order, and answers through an adapter. */
export function linking({ node, peer }: SoakNode): Family {
  const { system } = node;
  const fellow = props<FellowMessage>(
    () =>
      receive((message) => {
        if (message === 'crash') throw new Error('a failure of the soak');
        return stopped;
      }),
    { protocol: fellowMessage, restart: 'temporary' },
  );
  system.spawn(
    props<InnMessage>(() => receive(({ replyTo }, context) => replyTo.tell(context.spawn(fellow))), {
      protocol: innMessage,
    }),
    'inn',
  );
  const echo = receive<EchoMessage>(({ seq, replyTo }) => replyTo.tell(seq));
  system.spawn(
    props(() => echo, { protocol: echoMessage }),
    'echo',
  );
  const share = async (other: ActorRef<FellowMessage>, n: number): Promise<void> => {
    const end = Promise.withResolvers<TerminationReason>();
    const linked = Promise.withResolvers<void>();
    const joined = props<'unlink'>(
      () =>
        setup((context) => {
          context.link(other);
          linked.resolve();
          return receive(() => stopped);
        }),
      { restart: 'temporary' },
    );
    const keeper = system.spawn(
      props<never>(() =>
        setup((context) => {
          context.watch(context.spawn(joined, 'joined'));
          return receive(
            () => undefined,
            (signal) => {
              if (signal.type === 'terminated') end.resolve(signal.reason);
            },
          );
        }),
      ),
    );
    await linked.promise;
    other.tell('crash');
    expectEqual(`end of the linked actor ${n}`, await end.promise, 'failed');
    await system.stop(keeper);
  };
  const translate = async (n: number): Promise<void> => {
    const answer = Promise.withResolvers<string>();
    const asking = props<string>(
      () =>
        setup((context) => {
          const adapted = context.adapt((seq: number) => `answer ${seq}`, { protocol: z.number().int() });
          system.refFor<EchoMessage>(peer, 'echo').tell({ seq: n, replyTo: adapted });
          return receive((message) => {
            answer.resolve(message);
            return stopped;
          });
        }),
      { restart: 'temporary' },
    );
    system.spawn(asking);
    expectEqual('adapted answer', await answer.promise, `answer ${n}`);
  };
  return {
    operations: [
      { name: 'local link, shared failure', weight: 15, run: (n) => share(system.spawn(fellow), n) },
      {
        name: 'remote link, shared failure',
        weight: 15,
        run: async (n) => {
          const inn = system.refFor<InnMessage>(peer, 'inn');
          const born = await system.ask<InnMessage, ActorRef<FellowMessage>>(
            inn,
            (replyTo) => ({ replyTo }),
            {
              timeoutMs: askTimeoutMs,
            },
          );
          await share(born, n);
        },
      },
      { name: 'answer through an adapter', weight: 40, run: translate },
    ],
  };
}
