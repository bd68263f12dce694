// Quick look at the local hot path: operations per CPU-second of this process, best of a few rounds.
// Run: node packages/actor-core/bench/local.mjs
import { createActorSystem, props, receive } from '@drover/actor-core';

const system = createActorSystem();
const rounds = Number(process.env.ROUNDS ?? 5);

async function measure(name, operations, run) {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await run();
    const { user, system: kernel } = process.cpuUsage(before);
    best = Math.max(best, (operations / (user + kernel)) * 1e6);
  }
  console.log(`${name.padEnd(28)} ${Math.round(best).toLocaleString('en').padStart(14)} /cpu-s`);
}

const windowSize = 1_000;
let received = 0;
const sink = system.spawn(
  props(() =>
    receive((message) => {
      received++;
      if (message.replyTo !== undefined) message.replyTo.tell(received);
    }),
  ),
  'sink',
);

await measure('function call (ceiling)', 20e6, async () => {
  let count = 0;
  const handler = (message) => {
    count += message.value;
  };
  for (let i = 0; i < 20e6; i++) handler({ value: 1, replyTo: undefined });
  if (count !== 20e6) throw new Error('lost');
});

await measure('tell, windows of 1,000', 5e6, async () => {
  const before = received;
  for (let sent = 0; sent < 5e6; sent += windowSize) {
    for (let i = 0; i < windowSize - 1; i++) sink.tell({ value: i, replyTo: undefined });
    await system.ask(sink, (replyTo) => ({ value: 0, replyTo }), { timeoutMs: 5_000 });
  }
  if (received - before !== 5e6) throw new Error('lost');
});

await measure('ask, one at a time', 500e3, async () => {
  for (let i = 0; i < 500e3; i++)
    await system.ask(sink, (replyTo) => ({ value: 0, replyTo }), { timeoutMs: 5_000 });
});

await measure('ask, 256 in flight', 500e3, async () => {
  let left = 500e3;
  await Promise.all(
    Array.from({ length: 256 }, async () => {
      while (left-- > 0) await system.ask(sink, (replyTo) => ({ value: 0, replyTo }), { timeoutMs: 5_000 });
    }),
  );
});

await measure('ping-pong', 2e6, () => {
  return new Promise((resolve) => {
    const player = () =>
      props(() =>
        receive(({ from, left }, { self }) =>
          left === 0 ? resolve() : from.tell({ from: self, left: left - 1 }),
        ),
      );
    const one = system.spawn(player());
    const two = system.spawn(player());
    one.tell({ from: two, left: 2e6 });
  });
});

await measure('spawn and stop', 100e3, async () => {
  const recipe = props(() => receive(() => undefined));
  const refs = [];
  for (let i = 0; i < 100e3; i++) refs.push(system.spawn(recipe));
  await Promise.all(refs.map((ref) => system.stop(ref)));
});

if (globalThis.gc !== undefined) {
  const recipe = props(() => receive(() => undefined));
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  const refs = [];
  for (let i = 0; i < 100e3; i++) refs.push(system.spawn(recipe));
  for (const ref of refs) ref.tell('warm');
  await new Promise((resolve) => setTimeout(resolve, 200));
  globalThis.gc();
  if (refs.length === 0) throw new Error('unreachable: keeps the refs alive');
  console.log(
    `heap of an idle actor        ${Math.round((process.memoryUsage().heapUsed - before) / 100e3)} bytes`,
  );
}
await system.shutdown();
