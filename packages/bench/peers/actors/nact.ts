/* oxlint-disable typescript/no-generated-empty-object-type -- nact declares its refs as an empty class */
import type * as Nact from 'nact';
import type { Ref } from 'nact';
import type { ActorArm, ActorLibrary, Population, Tally } from '../../src/actors/actor-arm.ts';
import { installedVersion } from '../../src/installed-version.ts';

const queryTimeoutMs = 30_000;

const nactArm: ActorArm = {
  name: 'nact',
  mailbox: true,
  path: 'stateful actors with dispatch and query: unbounded mailbox, one setImmediate and one await per message',
  share: { 'windowed-tell': 0.2, ask: 0.5, 'ping-pong': 0.3, million: 0 },
  version: () => installedVersion('nact', import.meta.url),
  library: async () => library(await import('nact')),
};

export default nactArm;

function library({ start, spawn, dispatch, query, stop }: typeof Nact): ActorLibrary {
  const system = start();
  let names = 0;
  // Names are given, because nact's random 32-bit names collide among 100,000 actors.
  const actor = <M>(onMessage: (message: M) => void): Ref<M> =>
    spawn<Nact.ActorSystemRef, (state: number, message: M) => number>(
      system,
      (state, message) => {
        onMessage(message);
        return state;
      },
      `actor-${(names += 1)}`,
      { initialState: 0 },
    );

  return {
    tellWindowed(total: number, window: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 0;
      let delivered = 0;
      const receiver = actor<{ value: number }>(() => {
        if (++delivered % window === 0) dispatch(sender, { handled: delivered });
      });
      const sender = actor<{ handled: number }>(() => {
        if (sent >= total) return resolve({ sent, delivered });
        for (let i = 0; i < window; i += 1) dispatch(receiver, { value: sent++ });
      });
      dispatch(sender, { handled: 0 });
      return promise;
    },

    async askSequential(count: number): Promise<Tally> {
      interface Question {
        readonly value: number;
        readonly replyTo: Ref<number>;
      }
      let delivered = 0;
      const responder = actor<Question>(({ value, replyTo }) => dispatch(replyTo, value));
      for (let i = 0; i < count; i += 1) {
        const answer: number = await query(
          responder,
          (replyTo: Ref<number>) => ({ value: i, replyTo }),
          queryTimeoutMs,
        );
        if (answer === i) delivered += 1;
      }
      return { sent: count, delivered };
    },

    pingPong(roundTrips: number): Promise<Tally> {
      interface Ball {
        readonly from: Ref<Ball>;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const pong: Ref<Ball> = actor<Ball>(({ from }) => {
        delivered += 1;
        sent += 1;
        dispatch(from, { from: pong });
      });
      const ping: Ref<Ball> = actor<Ball>(({ from }) => {
        delivered += 1;
        if (delivered === 2 * roundTrips) return resolve({ sent, delivered });
        sent += 1;
        dispatch(from, { from: ping });
      });
      dispatch(pong, { from: ping });
      return promise;
    },

    ring(hops: number, actors: number): Promise<Tally> {
      interface Token {
        readonly hopsLeft: number;
      }
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let sent = 1;
      let delivered = 0;
      const members: Ref<Token>[] = [];
      for (let i = 0; i < actors; i += 1) {
        const next = (i + 1) % actors;
        members.push(
          actor<Token>(({ hopsLeft }) => {
            delivered += 1;
            if (hopsLeft === 1) return resolve({ sent, delivered });
            sent += 1;
            dispatch(members[next] as Ref<Token>, { hopsLeft: hopsLeft - 1 });
          }),
        );
      }
      dispatch(members[0] as Ref<Token>, { hopsLeft: hops });
      return promise;
    },

    burst(total: number): Promise<Tally> {
      const { promise, resolve } = Promise.withResolvers<Tally>();
      let delivered = 0;
      const receiver = actor<{ value: number }>(() => {
        if (++delivered === total) resolve({ sent: total, delivered });
      });
      for (let i = 0; i < total; i += 1) dispatch(receiver, { value: i });
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
      const workers: Ref<{ value: number }>[] = [];
      for (let i = 0; i < actors; i += 1) {
        let handled = 0;
        workers.push(
          actor<{ value: number }>(() => {
            if (++handled === each) dispatch(collector, { handled });
          }),
        );
      }
      for (let i = 0; i < total; i += 1)
        dispatch(workers[i % actors] as Ref<{ value: number }>, { value: i });
      return promise;
    },

    async populate(count: number): Promise<Population> {
      let delivered = 0;
      let target = 0;
      let reached: () => void = nothing;
      let ended = 0;
      let allEnded: () => void = nothing;
      const onMessage = (state: number): number => {
        if (++delivered === target) reached();
        return state;
      };
      const options = {
        initialState: 0,
        afterStop: () => {
          if (++ended === count) allEnded();
        },
      };
      const members: Ref<{ value: number }>[] = [];
      for (let i = 0; i < count; i += 1)
        members.push(spawn(system, onMessage, `actor-${(names += 1)}`, options) as Ref<{ value: number }>);
      return {
        async tellAll() {
          const { promise, resolve } = Promise.withResolvers<void>();
          const before = delivered;
          target = before + count;
          reached = resolve;
          for (let i = 0; i < count; i += 1) dispatch(members[i] as Ref<{ value: number }>, { value: i });
          await promise;
          return { sent: count, delivered: delivered - before };
        },
        async stopAll() {
          const { promise, resolve } = Promise.withResolvers<void>();
          allEnded = resolve;
          for (const member of members) stop(member);
          await promise;
          return ended;
        },
      };
    },
  };
}

function nothing(): void {}
