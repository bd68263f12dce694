import { createActorSystem, props, receive, silentLogger, systemClock } from '@drover/actor-core';
import { createCoordinatedShutdown } from '@drover/actor-core/patterns';

const system = createActorSystem();
const till = system.spawn(
  props<string>(() => receive((item) => console.log(`sold ${item}`))),
  'till',
);

const shutdown = createCoordinatedShutdown({
  clock: systemClock,
  log: silentLogger,
  phases: [{ name: 'close-the-door' }, { name: 'serve-the-last', timeoutMs: 50 }, { name: 'lights-out' }],
});
shutdown.add('close-the-door', 'sign', () => console.log('closed, says the sign'));
shutdown.add('serve-the-last', 'till', () => till.tell('the last roll'));
// A task that takes too long is abandoned, so that the shutdown always ends. Its signal is aborted.
shutdown.add(
  'serve-the-last',
  'chatterbox',
  (signal) =>
    new Promise<void>(() => signal.addEventListener('abort', () => console.log('goodbye, chatterbox'))),
);
shutdown.add('lights-out', 'actors', () => system.shutdown());

for (const { phase, task, outcome } of await shutdown.run('the day is over'))
  console.log(`${phase}, ${task}: ${outcome}`);

/* prints
closed, says the sign
sold the last roll
goodbye, chatterbox
close-the-door, sign: done
serve-the-last, till: done
serve-the-last, chatterbox: timed-out
lights-out, actors: done
*/
