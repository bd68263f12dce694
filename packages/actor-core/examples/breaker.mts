import { systemClock } from '@drover/actor-core';
import { createCircuitBreaker } from '@drover/actor-core/patterns';

let isUp = false;
let calls = 0;
/** A service that is down at first. */
async function shop(): Promise<string> {
  calls++;
  if (!isUp) throw new Error('the shop is closed');
  return 'bread';
}

const breaker = createCircuitBreaker({
  name: 'shop',
  clock: systemClock,
  maxFailures: 3,
  resetMs: 300,
  callTimeoutMs: 1_000,
  onChange: (state) => console.log(`the breaker is ${state}`),
});

for (let n = 0; n < 5; n++)
  await breaker
    .call(shop)
    .catch((error: Error & { code?: string }) => console.log(error.code ?? error.message));
console.log(`called ${calls} times`);

isUp = true;
await new Promise((resolve) => setTimeout(resolve, 600));
console.log(await breaker.call(shop));

/* prints
the shop is closed
the shop is closed
the breaker is open
the shop is closed
circuit-open
circuit-open
called 3 times
the breaker is half-open
the breaker is closed
bread
*/
