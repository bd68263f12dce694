import {
  type ActorContext,
  type ActorRef,
  type Behaviour,
  props,
  receive,
  setup,
  stopped,
  type TerminationReason,
} from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

const childMessage = z.enum(['work', 'stop']);
type ChildMessage = z.infer<typeof childMessage>;

const nurseryMessage = z.object({ replyTo: actorRefSchema<ActorRef<ChildMessage>>() });
type NurseryMessage = z.infer<typeof nurseryMessage>;

type WatcherMessage =
  | {
      readonly kind: 'watch' | 'unwatch';
      readonly child: ActorRef<ChildMessage>;
      readonly replyTo: ActorRef<true>;
    }
  | {
      readonly kind: 'await';
      readonly child: ActorRef<ChildMessage>;
      readonly replyTo: ActorRef<TerminationReason>;
    };

/** One in this number of actors is no longer watched when it ends. */
const unwatchEvery = 4;
/** One in this number of actors is killed instead of stopped. */
const killEvery = 5;

/**
 * Actors of both processes that are started, watched, used and ended; a message to each after its end is a dead
 * letter.
 */
export function churning(self: SoakNode): Family {
  const { node, peer } = self;
  const { system } = node;
  const child = props<ChildMessage>(() => receive((message) => (message === 'stop' ? stopped : undefined)), {
    protocol: childMessage,
    restart: 'temporary',
  });
  system.spawn(
    props<NurseryMessage>(() => receive(({ replyTo }, context) => replyTo.tell(context.spawn(child))), {
      protocol: nurseryMessage,
    }),
    'nursery',
  );
  const seen = { awaited: 0, reported: 0 };
  const watcher = system.spawn(
    props<WatcherMessage>(() => setup((context) => watching(context, seen))),
    'watcher',
  );
  const tellWatcher = (kind: 'watch' | 'unwatch', of: ActorRef<ChildMessage>) =>
    system.ask<WatcherMessage, true>(watcher, (replyTo) => ({ kind, child: of, replyTo }), {
      timeoutMs: askTimeoutMs,
    });
  const endOf = (of: ActorRef<ChildMessage>) =>
    system.ask<WatcherMessage, TerminationReason>(
      watcher,
      (replyTo) => ({ kind: 'await', child: of, replyTo }),
      {
        timeoutMs: askTimeoutMs,
      },
    );
  const live = async (of: ActorRef<ChildMessage>, n: number, isNear: boolean): Promise<void> => {
    await tellWatcher('watch', of);
    const isKilled = isNear && n % killEvery === 1;
    // Not done for an actor that is killed: the message would be lost with its mailbox.
    if (!isKilled) of.tell('work');
    if (n % unwatchEvery === 0) {
      await tellWatcher('unwatch', of);
      of.tell('stop');
      return;
    }
    seen.awaited++;
    const end = endOf(of);
    if (isKilled) system.kill(of);
    else of.tell('stop');
    expectEqual('end', await end, isKilled ? 'killed' : 'stopped');
    self.expectLetters('no-such-actor', 1);
    of.tell('work');
  };
  return {
    operations: [
      { name: 'local spawn, watch, end', weight: 150, run: (n) => live(system.spawn(child), n, true) },
      {
        name: 'remote spawn, watch, end',
        weight: 60,
        run: async (n) => {
          const nursery = system.refFor<NurseryMessage>(peer, 'nursery');
          const born = await system.ask<NurseryMessage, ActorRef<ChildMessage>>(
            nursery,
            (replyTo) => ({ replyTo }),
            {
              timeoutMs: askTimeoutMs,
            },
          );
          await live(born, n, false);
        },
      },
    ],
    audit: async () => [
      { name: 'terminations reported to watchers', sent: seen.awaited, delivered: seen.reported },
    ],
  };
}

/** Watches actors and answers how each of them has ended. */
function watching(
  context: ActorContext<WatcherMessage>,
  seen: { reported: number },
): Behaviour<WatcherMessage> {
  const asked = new Map<string, ActorRef<TerminationReason>>();
  return receive<WatcherMessage>(
    (message) => {
      if (message.kind === 'await') {
        asked.set(keyOf(message.child), message.replyTo);
        return;
      }
      if (message.kind === 'watch') context.watch(message.child);
      else context.unwatch(message.child);
      message.replyTo.tell(true);
    },
    (signal) => {
      if (signal.type !== 'terminated') return;
      seen.reported++;
      const key = keyOf(signal.ref);
      asked.get(key)?.tell(signal.reason);
      asked.delete(key);
    },
  );
}

function keyOf({ address: { node, uid } }: ActorRef<never>): string {
  return `${node}|${uid}`;
}
