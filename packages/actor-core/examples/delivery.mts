import { createActorSystem, props, receive } from '@drover/actor-core';
import {
  type DeliveryResult,
  reliableConsumer,
  reliableProducer,
  workDispatcher,
  workPuller,
} from '@drover/actor-core/patterns';
import { z } from 'zod';

const system = createActorSystem();

// Each message arrives once and in order. The next incarnation of a consumer gets the message at which it failed.
const letters = system.spawn(
  reliableConsumer<string>({
    protocol: z.string(),
    create:
      ({ incarnation }) =>
      (letter) => {
        if (letter === 'b' && incarnation === 1) throw new Error('dropped the letter');
        console.log(`letter ${letter}, incarnation ${incarnation}`);
      },
  }),
  'letters',
);
const post = system.spawn(
  reliableProducer<string>({ consumer: system.refFor('local', letters.address.path) }),
);

/** Resolves when that many messages were confirmed. */
function confirmations(count: number) {
  const done = Promise.withResolvers<void>();
  let left = count;
  const replyTo = system.spawn(
    props<DeliveryResult>(() =>
      receive((result) => {
        if (result.type === 'confirmed' && --left === 0) done.resolve();
      }),
    ),
  );
  return { replyTo, done: done.promise };
}
const posted = confirmations(3);
for (const message of ['a', 'b', 'c']) post.tell({ type: 'send', message, replyTo: posted.replyTo });
await posted.done;

// Work goes to a worker that has room. The work of a lost worker goes to the others.
const dispatcher = system.spawn(workDispatcher<number>());
let handled = 0;
const worker = workPuller<number>({
  dispatcher,
  protocol: z.number(),
  create: () => () => {
    handled++;
  },
});
const workers = [system.spawn(worker), system.spawn(worker), system.spawn(worker)];
const worked = confirmations(300);
for (let message = 0; message < 300; message++)
  dispatcher.tell({ type: 'send', message, replyTo: worked.replyTo });
for (const lost of workers.slice(1)) system.kill(lost);
await worked.done;
console.log(`300 pieces of work, none lost: ${handled >= 300}`);
await system.shutdown();

/* prints
letter a, incarnation 1
letter b, incarnation 2
letter c, incarnation 2
300 pieces of work, none lost: true
*/
