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
import { askTimeoutMs, expectEqual, type Family, type Place } from '../family.ts';

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

/** Every so many are no longer watched when they end, or killed instead of stopped. */
const unwatchEvery = 4;
const killEvery = 5;

/** Actors that are started, watched, worked and ended, here and in the other process, and a letter to each after its end. */
export function churning(place: Place): Family {
  const { node, peer } = place;
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
  const seen = { awaited: 0, told: 0 };
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
    // What waits in its mailbox would be lost with it.
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
    place.expectLetters('no-such-actor', 1);
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
    audit: async () => [{ name: 'ends told to watchers', sent: seen.awaited, delivered: seen.told }],
  };
}

/** Tells who asks how the actors that it watches end. */
function watching(context: ActorContext<WatcherMessage>, seen: { told: number }): Behaviour<WatcherMessage> {
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
      seen.told++;
      const key = keyOf(signal.ref);
      asked.get(key)?.tell(signal.reason);
      asked.delete(key);
    },
  );
}

function keyOf({ address: { node, uid } }: ActorRef<never>): string {
  return `${node}|${uid}`;
}
