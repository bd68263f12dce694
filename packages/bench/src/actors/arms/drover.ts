import { type ActorRef, createActorSystem, props, receive } from '@drover/actor-core';
import type { ActorArm, ActorLibrary, Population, Tally } from '../actor-arm.ts';
import { installedVersion } from '../../installed-version.ts';

/** Every ask needs a deadline; this one is never reached. */
const askTimeoutMs = 30_000;

/** Our runtime exactly as `createActorSystem()` makes it. Nothing is switched off for the measurement. */
const drover: ActorArm = {
  name: 'drover',
  mailbox: true,
  path: 'createActorSystem() with its defaults: bounded mailbox (1,000, reject), control lane, supervision with restarts, death watch, dead letters, counters, system clock and scheduler; ask with a deadline and its call chain; trace context without tracing: one flag is read per send',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  library: async () => library(),
};

export default drover;

function library(): ActorLibrary {
  const system = createActorSystem();
  const actor = <M>(onMessage: (message: M, self: ActorRef<M>) => void): ActorRef<M> =>
    system.spawn(props<M>(() => receive((message, context) => onMessage(message, context.self))));

  return {
    tellWindowed(total: number, window: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 0;
      let delivered = 0;
      const receiver = actor<{ value: number }>(() => {
        if (++delivered % window === 0) sender.tell({ handled: delivered });
      });
      const sender = actor<{ handled: number }>(() => {
        if (sent >= total) return resolve({ sent, delivered });
        for (let i = 0; i < window; i += 1) receiver.tell({ value: sent++ });
      });
      sender.tell({ handled: 0 });
      return promise;
    },

    async askSequential(count: number): Promise<Tally> {
      interface Question {
        readonly value: number;
        readonly replyTo: ActorRef<number>;
      }
      let delivered = 0;
      const responder = actor<Question>(({ value, replyTo }) => replyTo.tell(value));
      for (let i = 0; i < count; i += 1) {
        const answer = await system.ask<Question, number>(responder, (replyTo) => ({ value: i, replyTo }), {
          timeoutMs: askTimeoutMs,
        });
        if (answer === i) delivered += 1;
      }
      return { sent: count, delivered };
    },

    pingPong(roundTrips: number): Promise<Tally> {
      interface Ball {
        readonly from: ActorRef<Ball>;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const pong = actor<Ball>(({ from }, self) => {
        delivered += 1;
        sent += 1;
        from.tell({ from: self });
      });
      const ping = actor<Ball>(({ from }, self) => {
        delivered += 1;
        if (delivered === 2 * roundTrips) return resolve({ sent, delivered });
        sent += 1;
        from.tell({ from: self });
      });
      pong.tell({ from: ping });
      return promise;
    },

    ring(hops: number, actors: number): Promise<Tally> {
      interface Token {
        readonly hopsLeft: number;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const members: ActorRef<Token>[] = [];
      for (let i = 0; i < actors; i += 1) {
        const next = (i + 1) % actors;
        members.push(
          actor<Token>(({ hopsLeft }) => {
            delivered += 1;
            if (hopsLeft === 1) return resolve({ sent, delivered });
            sent += 1;
            (members[next] as ActorRef<Token>).tell({ hopsLeft: hopsLeft - 1 });
          }),
        );
      }
      (members[0] as ActorRef<Token>).tell({ hopsLeft: hops });
      return promise;
    },

    burst(total: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let delivered = 0;
      const receiver = system.spawn(
        props<{ value: number }>(
          () =>
            receive(() => {
              if (++delivered === total) resolve({ sent: total, delivered });
            }),
          { mailbox: { capacity: total } },
        ),
      );
      for (let i = 0; i < total; i += 1) receiver.tell({ value: i });
      return promise;
    },

    forkJoin(total: number, actors: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      const each = total / actors;
      let delivered = 0;
      let joined = 0;
      const collector = actor<{ handled: number }>(({ handled }) => {
        delivered += handled;
        if (++joined === actors) resolve({ sent: total, delivered });
      });
      const workers: ActorRef<{ value: number }>[] = [];
      for (let i = 0; i < actors; i += 1) {
        let handled = 0;
        workers.push(
          actor<{ value: number }>(() => {
            if (++handled === each) collector.tell({ handled });
          }),
        );
      }
      for (let i = 0; i < total; i += 1)
        (workers[i % actors] as ActorRef<{ value: number }>).tell({ value: i });
      return promise;
    },

    async populate(count: number): Promise<Population> {
      let delivered = 0;
      let target = 0;
      let reached: () => void = nothing;
      let ended = 0;
      // All actors share one behaviour without state, as the actors of the other arms share a function.
      const counting = receive<{ value: number }>(
        () => {
          if (++delivered === target) reached();
        },
        ({ type }) => {
          if (type === 'post-stop' && ++ended === count) reached();
        },
      );
      const member = props<{ value: number }>(() => counting);
      const members: ActorRef<{ value: number }>[] = [];
      const parent = system.spawn(
        props<'start' | 'stop'>(() =>
          receive((order, context) => {
            if (order === 'stop') return members.forEach((child) => context.stop(child));
            for (let i = 0; i < count; i += 1) members.push(context.spawn(member));
            reached();
          }),
        ),
      );
      const order = (what: 'start' | 'stop'): Promise<void> => {
        const { promise, resolve } = Promise.withResolvers<void>();
        reached = resolve;
        parent.tell(what);
        return promise;
      };
      await order('start');
      return {
        async tellAll() {
          const { promise, resolve } = Promise.withResolvers<void>();
          const before = delivered;
          target = before + count;
          reached = resolve;
          for (let i = 0; i < count; i += 1) members[i]?.tell({ value: i });
          await promise;
          return { sent: count, delivered: delivered - before };
        },
        async stopAll() {
          await order('stop');
          return ended;
        },
      };
    },
  };
}

function nothing(): void {}
