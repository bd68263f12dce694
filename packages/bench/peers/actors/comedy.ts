import type * as Comedy from 'comedy';
import type { ActorRef } from 'comedy';
import type { ActorArm, ActorLibrary, Population, Tally } from '../../src/actors/actor-arm.ts';
import { installedVersion } from '../../src/installed-version.ts';

const comedyArm: ActorArm = {
  name: 'comedy',
  mailbox: true,
  path: 'in-memory actors with send and sendAndReceive: queue of Bluebird promises, several per message',
  // Fewer messages, because it is slow: a million pending promises need gigabytes, and an actor stops more slowly the
  // more actors there are.
  share: {
    'windowed-tell': 0.3,
    ask: 0.5,
    'ping-pong': 0.4,
    burst: 0.2,
    'fork-join': 0.2,
    ring: 0.5,
    'spawn-stop': 0.05,
    'idle-heap': 0.1,
    million: 0,
  },
  version: () => installedVersion('comedy', import.meta.url),
  library: async () => library(await import('comedy')),
};

export default comedyArm;

async function library({ createSystem }: typeof Comedy): Promise<ActorLibrary> {
  const root = await createSystem({ test: true, config: {} }).rootActor();
  const actor = (onMessage: (message: never) => unknown): Promise<ActorRef> =>
    root.createChild({ message: onMessage }, { mode: 'in-memory' });

  return {
    async tellWindowed(total: number, window: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 0;
      let delivered = 0;
      const receiver = await actor(() => {
        if (++delivered % window === 0) tell(sender, { handled: delivered });
      });
      const sender = await actor(() => {
        if (sent >= total) return resolve({ sent, delivered });
        for (let i = 0; i < window; i += 1) tell(receiver, { value: sent++ });
      });
      tell(sender, { handled: 0 });
      return promise;
    },

    async askSequential(count: number): Promise<Tally> {
      let delivered = 0;
      const responder = await actor(({ value }: { value: number }) => value);
      for (let i = 0; i < count; i += 1) {
        const answer = (await responder.sendAndReceive('message', { value: i })) as number;
        if (answer === i) delivered += 1;
      }
      return { sent: count, delivered };
    },

    async pingPong(roundTrips: number): Promise<Tally> {
      interface Ball {
        readonly from: ActorRef;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const pong: ActorRef = await actor(({ from }: Ball) => {
        delivered += 1;
        sent += 1;
        tell(from, { from: pong });
      });
      const ping: ActorRef = await actor(({ from }: Ball) => {
        delivered += 1;
        if (delivered === 2 * roundTrips) return resolve({ sent, delivered });
        sent += 1;
        tell(from, { from: ping });
      });
      tell(pong, { from: ping });
      return promise;
    },

    async ring(hops: number, actors: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const members: ActorRef[] = [];
      for (let i = 0; i < actors; i += 1) {
        const next = (i + 1) % actors;
        members.push(
          await actor(({ hopsLeft }: { hopsLeft: number }) => {
            delivered += 1;
            if (hopsLeft === 1) return resolve({ sent, delivered });
            sent += 1;
            tell(members[next] as ActorRef, { hopsLeft: hopsLeft - 1 });
          }),
        );
      }
      tell(members[0] as ActorRef, { hopsLeft: hops });
      return promise;
    },

    async burst(total: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let delivered = 0;
      const receiver = await actor(() => {
        if (++delivered === total) resolve({ sent: total, delivered });
      });
      for (let i = 0; i < total; i += 1) tell(receiver, { value: i });
      return promise;
    },

    async forkJoin(total: number, actors: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      const each = total / actors;
      let delivered = 0;
      let joined = 0;
      const collector = await actor(({ handled }: { handled: number }) => {
        delivered += handled;
        if (++joined === actors) resolve({ sent: total, delivered });
      });
      const workers: ActorRef[] = [];
      for (let i = 0; i < actors; i += 1) {
        let handled = 0;
        workers.push(
          await actor(() => {
            if (++handled === each) tell(collector, { handled });
          }),
        );
      }
      for (let i = 0; i < total; i += 1) tell(workers[i % actors] as ActorRef, { value: i });
      return promise;
    },

    async populate(count: number): Promise<Population> {
      let delivered = 0;
      let target = 0;
      let reached: () => void = nothing;
      const definition = {
        message() {
          if (++delivered === target) reached();
        },
      };
      const members: ActorRef[] = [];
      for (let i = 0; i < count; i += 1)
        members.push(await root.createChild(definition, { mode: 'in-memory' }));
      return {
        async tellAll() {
          const { promise, resolve } = Promise.withResolvers<void>();
          const before = delivered;
          target = before + count;
          reached = resolve;
          for (let i = 0; i < count; i += 1) tell(members[i] as ActorRef, { value: i });
          await promise;
          return { sent: count, delivered: delivered - before };
        },
        async stopAll() {
          let ended = 0;
          for (const member of members) {
            await member.destroy();
            ended += 1;
          }
          return ended;
        },
      };
    },
  };
}

function tell(to: ActorRef, message: unknown): void {
  void to.send('message', message);
}

function nothing(): void {}
