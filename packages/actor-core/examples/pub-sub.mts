import { props, receive, setup, silentLogger } from '@drover/actor-core';
import { createPubSub, joinCluster, tellTopic, topic, type TopicMessage } from '@drover/actor-core/cluster';
import { z } from 'zod';

const join = (nodeId: string) =>
  joinCluster({
    nodeId,
    incarnation: Date.now(),
    roles: ['host'],
    cell: 'example-pub-sub',
    nats: { servers: '127.0.0.1:4222' },
    pid: process.pid,
    log: silentLogger,
  });
const [north, south] = await Promise.all([join('north'), join('south')]);
const [inNorth, inSouth] = [createPubSub(north), createPubSub(south)];

const price = z.object({ item: z.string(), cents: z.number() });
const ofFruit = topic('prices.fruit', price);
const ofBread = topic('prices.bread', price);
const ofAnything = topic('prices.*', price);

// The till has its own protocol; an adapter translates the messages of the topic into it.
type Word = { readonly type: 'price'; readonly text: string } | { readonly type: 'close' };
const subscribed = Promise.withResolvers<void>();
const closed = Promise.withResolvers<void>();
const till = props<Word>(() =>
  setup((context) => {
    const prices = context.adapt(
      ({ message, topic: name, from }: TopicMessage<z.infer<typeof price>>): Word =>
        message.item === 'last order'
          ? { type: 'close' }
          : { type: 'price', text: `${name} from ${from}: ${message.item} ${message.cents}` },
    );
    tellTopic(inSouth, ofAnything, prices);
    subscribed.resolve();
    return receive((word) => {
      if (word.type === 'price') console.log(word.text);
      else closed.resolve();
    });
  }),
);
south.system.spawn(till, 'till');
// Later subscribers receive nothing of what was published before: wait until NATS knows of the subscription.
await subscribed.promise;
await south.transport.flush({ timeoutMs: 1_000 });

inNorth.publish(ofFruit, { item: 'apple', cents: 40 });
inNorth.publish(ofBread, { item: 'roll', cents: 60 });
// A message that does not match the topic is dropped by the receiving node.
inNorth.publish(topic('prices.fruit', z.string()), 'a pear, cheap');
inNorth.publish(ofFruit, { item: 'last order', cents: 0 });
await closed.promise;
await Promise.all([north.leave(), south.leave()]);

/* prints
prices.fruit from north: apple 40
prices.bread from north: roll 60
*/
