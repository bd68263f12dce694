import {
  type ActorRef,
  createActorSystem,
  props,
  receive,
  systemClock,
  systemRandom,
} from '@drover/actor-core';
import {
  askQuorum,
  consistentHash,
  createRouter,
  fixedTargets,
  pool,
  resizePool,
} from '@drover/actor-core/patterns';

interface Order {
  readonly customer: string;
  readonly replyTo: ActorRef<string>;
}

const system = createActorSystem();
const clerk = props<Order>(() =>
  receive(({ customer, replyTo }, { path }) => {
    if (customer === 'Mallory') throw new Error('this customer is trouble');
    replyTo.tell(`${customer} by ${path}`);
  }),
);
const order = (customer: string) => (replyTo: ActorRef<string>) => ({ customer, replyTo });
const timeoutMs = 1_000;

// A router over existing actors: routing costs no hop. The same customer gets the same clerk.
const clerks = ['a', 'b', 'c'].map((name) => system.spawn(clerk, name));
const router = createRouter(
  system,
  fixedTargets(clerks),
  consistentHash<Order>(({ customer }) => customer),
);
const answers = await Promise.all(
  ['Ada', 'Grace', 'Ada'].map((name) => router.ask(order(name), { timeoutMs })),
);
console.log('the same clerk for Ada:', answers[0] === answers[2]);

// A question to several actors: two of three answers are enough.
const asker = { system, clock: systemClock, random: systemRandom };
console.log((await askQuorum(asker, clerks, order('Barbara'), { timeoutMs, needed: 2 })).length, 'answers');

// A pool starts and supervises its own workers. It restarts a worker that fails; the others continue meanwhile.
const desk = system.spawn(pool(clerk, { size: 2 }), 'desk');
const ask = (customer: string, withinMs = timeoutMs) =>
  system.ask(desk, order(customer), { timeoutMs: withinMs });
console.log(await ask('Ada'));
console.log(await ask('Grace'));
await ask('Mallory', 100).catch((error: { code: string }) => console.log(error.code));
console.log(await ask('Edsger'));
desk.tell(resizePool(3));
const paths = await Promise.all(['1', '2', '3'].map((name) => ask(name)));
console.log(new Set(paths.map((answer) => answer.split(' by ')[1])).size, 'clerks at the desk');
await system.shutdown();

/* prints
the same clerk for Ada: true
2 answers
Ada by desk/$1
Grace by desk/$2
request-timeout
Edsger by desk/$2
3 clerks at the desk
*/
