import { props, receive } from '@drover/actor-core';
import { actorRefSchema, topic } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, type Family, type SoakNode } from '../family.ts';

const news = topic('soak.news', z.object({ seq: z.number().int(), text: z.string().max(1024) }));
const newsroomMessage = z.object({ replyTo: actorRefSchema<number>() });
type NewsroomMessage = z.infer<typeof newsroomMessage>;
const text = 'x'.repeat(64);

/** A topic to which both processes publish and subscribe, and subscriptions that begin and end. */
export function publishing({ node, pubSub, peer, signal }: SoakNode): Family {
  const published = { here: 0 };
  const received = new Map<string, number>([
    [node.nodeId, 0],
    [peer, 0],
  ]);
  pubSub.subscribe(news, (_message, { from }) => received.set(from, (received.get(from) ?? 0) + 1), {
    signal,
  });
  const newsroom = receive<NewsroomMessage>(({ replyTo }) => replyTo.tell(published.here));
  node.system.spawn(
    props(() => newsroom, { protocol: newsroomMessage }),
    'newsroom',
  );
  const publishedThere = () =>
    node.system.ask<NewsroomMessage, number>(
      node.system.refFor(peer, 'newsroom'),
      (replyTo) => ({ replyTo }),
      {
        timeoutMs: askTimeoutMs,
      },
    );
  return {
    operations: [
      {
        name: 'publish',
        weight: 300,
        run: async (n) => {
          if (!pubSub.publish(news, { seq: n, text })) throw new Error('the bus refused the publication');
          published.here++;
        },
      },
      {
        name: 'subscribe, receive, unsubscribe',
        weight: 20,
        run: async (n) => {
          const own = topic(`soak.own.${node.nodeId}-${n}`, z.object({ n: z.number() }));
          const { promise, resolve } = Promise.withResolvers<boolean>();
          const unsubscribe = pubSub.subscribe(own, () => resolve(true), { signal });
          pubSub.publish(own, { n });
          const timer = setTimeout(() => resolve(false), askTimeoutMs);
          const isReceived = await promise;
          clearTimeout(timer);
          unsubscribe();
          if (!isReceived) throw new Error('a publication was not received');
        },
      },
    ],
    audit: async () => [
      // Both processes receive each publication.
      {
        name: 'publications received by their own process',
        sent: published.here,
        delivered: received.get(node.nodeId) ?? 0,
      },
      { name: `publications of ${peer}`, sent: await publishedThere(), delivered: received.get(peer) ?? 0 },
    ],
  };
}
