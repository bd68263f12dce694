import type * as XState from 'xstate';
import type { AnyActorRef } from 'xstate';
import type { ActorArm, ActorLibrary, Population, Tally } from '../../src/actors/actor-arm.ts';
import { installedVersion } from '../../src/installed-version.ts';

const xstateArm: ActorArm = {
  name: 'xstate',
  mailbox: false,
  path: 'createMachine actors with one transition and its action: a send runs the receiver on the stack of the sender',
  // A message in a ring adds a stack frame for each member.
  nodeFlags: ['--stack-size=3900'],
  share: {
    'windowed-tell': 0.1,
    ask: 0.4,
    'ping-pong': 0.2,
    ring: 0.2,
    'fork-join': 0.2,
    burst: 0.2,
    'spawn-stop': 0.2,
    'idle-heap': 0.1,
    million: 0,
  },
  version: () => installedVersion('xstate', import.meta.url),
  library: async () => library(await import('xstate')),
};

export default xstateArm;

function library({ createMachine, createActor }: typeof XState): ActorLibrary {
  type Handler = (event: never, self: AnyActorRef) => void;
  const machineOf = (onMessage: Handler) =>
    createMachine({
      on: { message: { actions: ({ event, self }) => onMessage(event as never, self as AnyActorRef) } },
    });
  const actor = (onMessage: Handler): AnyActorRef => createActor(machineOf(onMessage)).start();

  return {
    tellWindowed(total: number, window: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 0;
      let delivered = 0;
      const receiver = actor(() => {
        if (++delivered % window === 0) sender.send({ type: 'message', handled: delivered });
      });
      const sender = actor(() => {
        if (sent >= total) return resolve({ sent, delivered });
        for (let i = 0; i < window; i += 1) receiver.send({ type: 'message', value: sent++ });
      });
      sender.send({ type: 'message', handled: 0 });
      return promise;
    },

    async askSequential(count: number): Promise<Tally> {
      interface Question {
        readonly value: number;
        readonly reply: (value: number) => void;
      }
      let delivered = 0;
      const responder = actor(({ value, reply }: Question) => reply(value));
      for (let i = 0; i < count; i += 1) {
        const answer = await new Promise<number>((reply) =>
          responder.send({ type: 'message', value: i, reply }),
        );
        if (answer === i) delivered += 1;
      }
      return { sent: count, delivered };
    },

    pingPong(roundTrips: number): Promise<Tally> {
      interface Ball {
        readonly from: AnyActorRef;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const pong = actor(({ from }: Ball, self) => {
        delivered += 1;
        sent += 1;
        from.send({ type: 'message', from: self });
      });
      const ping = actor(({ from }: Ball, self) => {
        delivered += 1;
        if (delivered === 2 * roundTrips) return resolve({ sent, delivered });
        sent += 1;
        from.send({ type: 'message', from: self });
      });
      pong.send({ type: 'message', from: ping });
      return promise;
    },

    ring(hops: number, actors: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const members: AnyActorRef[] = [];
      for (let i = 0; i < actors; i += 1) {
        const next = (i + 1) % actors;
        members.push(
          actor(({ hopsLeft }: { hopsLeft: number }) => {
            delivered += 1;
            if (hopsLeft === 1) return resolve({ sent, delivered });
            sent += 1;
            members[next]?.send({ type: 'message', hopsLeft: hopsLeft - 1 });
          }),
        );
      }
      members[0]?.send({ type: 'message', hopsLeft: hops });
      return promise;
    },

    async burst(total: number): Promise<Tally> {
      let delivered = 0;
      const receiver = actor(() => {
        delivered += 1;
      });
      for (let i = 0; i < total; i += 1) receiver.send({ type: 'message', value: i });
      return { sent: total, delivered };
    },

    forkJoin(total: number, actors: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      const each = total / actors;
      let delivered = 0;
      let joined = 0;
      const collector = actor(({ handled }: { handled: number }) => {
        delivered += handled;
        if (++joined === actors) resolve({ sent: total, delivered });
      });
      const workers: AnyActorRef[] = [];
      for (let i = 0; i < actors; i += 1) {
        let handled = 0;
        workers.push(
          actor(() => {
            if (++handled === each) collector.send({ type: 'message', handled });
          }),
        );
      }
      for (let i = 0; i < total; i += 1) workers[i % actors]?.send({ type: 'message', value: i });
      return promise;
    },

    async populate(count: number): Promise<Population> {
      let delivered = 0;
      const machine = machineOf(() => {
        delivered += 1;
      });
      const members: AnyActorRef[] = [];
      for (let i = 0; i < count; i += 1) members.push(createActor(machine).start());
      return {
        async tellAll() {
          const before = delivered;
          for (let i = 0; i < count; i += 1) members[i]?.send({ type: 'message', value: i });
          return { sent: count, delivered: delivered - before };
        },
        async stopAll() {
          let ended = 0;
          for (const member of members) {
            (member as ReturnType<typeof createActor>).stop();
            if (member.getSnapshot().status === 'stopped') ended += 1;
          }
          return ended;
        },
      };
    },
  };
}
