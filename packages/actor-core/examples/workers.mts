import { isMainThread } from 'node:worker_threads';
import { type ActorRef, createActorSystem } from '@drover/actor-core';
import { type WorkerHandler, workerProps } from '@drover/actor-core/patterns';

type Question =
  | { readonly type: 'primes'; readonly below: number; readonly replyTo: ActorRef<number> }
  | { readonly type: 'spin' };

/** Runs in its own thread: a long computation does not block other actors. */
export default function primes(): WorkerHandler<Question> {
  return (question) => {
    if (question.type === 'spin') for (;;);
    let count = 0;
    for (let n = 2; n < question.below; n++) {
      let isPrime = true;
      for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
      if (isPrime) count++;
    }
    question.replyTo.tell(count);
    return undefined;
  };
}

if (isMainThread) {
  const system = createActorSystem();
  const worker = system.spawn(workerProps<Question>({ module: new URL(import.meta.url) }), 'primes');
  const count = (below: number) =>
    system.ask<Question, number>(worker, (replyTo) => ({ type: 'primes', below, replyTo }), {
      timeoutMs: 20_000,
    });
  console.log(`${await count(100_000)} primes below 100,000`);

  // JavaScript cannot interrupt code, but a thread can be ended: the actor is started again with a new one.
  const restarted = Promise.withResolvers<void>();
  system.onEvent(({ type }) => {
    if (type === 'restarted') restarted.resolve();
  });
  worker.tell({ type: 'spin' });
  setTimeout(() => system.kill(worker), 100);
  await restarted.promise;
  console.log(`${await count(1_000)} primes below 1,000, by the next incarnation`);
  await system.shutdown();
}

/* prints
9592 primes below 100,000
168 primes below 1,000, by the next incarnation
*/
