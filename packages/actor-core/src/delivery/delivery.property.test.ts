import { type Arbitrary, array, assert, boolean, constant, nat, oneof, property } from 'fast-check';
import { expect, it } from 'vitest';
import { ConsumerWindow } from './consumer-window.ts';
import { type ProducerEffect, ProducerWindow } from './producer-window.ts';

type Word =
  | { readonly to: 'consumer'; readonly effect: ProducerEffect<number> }
  | {
      readonly to: 'producer';
      readonly say: readonly [handled: number, upTo: number, resendFrom: number] | 'unknown';
    };

const channel = 1;
const window = 4;

/** A producer and a consumer, connected by a channel that loses, duplicates and reorders messages. */
class Pair {
  readonly producer = new ProducerWindow<number>({ capacity: 1_000, resendMs: 100, resendMaxMs: 400 });
  /** Messages that each incarnation of the consumer has handled. */
  readonly handledByIncarnation: number[][] = [[]];
  readonly confirmed: number[] = [];
  readonly channel: Word[] = [];
  #consumer = new ConsumerWindow(window);
  #now = 0;
  #offered = 0;
  maxInFlight = 0;

  offer(): void {
    this.#perform(this.producer.offer(++this.#offered, this.#now));
  }

  restart(tellsRest: boolean): void {
    const rest = this.#consumer.rest();
    if (tellsRest && rest !== undefined) this.#say(rest.handled, rest.upTo, rest.resendFrom);
    this.#consumer = new ConsumerWindow(window);
    this.handledByIncarnation.push([]);
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#perform(this.producer.tick(this.#now));
  }

  deliver(index: number, keep: boolean): void {
    const at = index % Math.max(1, this.channel.length);
    const word = this.channel[at];
    if (word === undefined) return;
    if (!keep) this.channel.splice(at, 1);
    if (word.to === 'consumer') this.#consume(word.effect);
    else if (word.say === 'unknown') this.#perform(this.producer.unknown());
    else this.#perform(this.producer.demand(...word.say, this.#now));
  }

  drop(index: number): void {
    this.channel.splice(index % Math.max(1, this.channel.length), 1);
  }

  /** Ends the faults: delivers all messages in order until none is left. */
  finish(): void {
    for (let round = 0; round < 10_000; round++) {
      while (this.channel.length > 0) this.deliver(0, false);
      if (this.producer.dueMs === undefined) return;
      this.pass(500);
    }
    throw new Error('the pair does not come to rest');
  }

  #consume(effect: ProducerEffect<number>): void {
    if (effect.type === 'hello') {
      const demand = this.#consumer.hello(channel, effect.first, effect.sent);
      if (demand !== undefined) this.#say(demand.handled, demand.upTo, demand.resendFrom);
    } else if (effect.type === 'item') {
      const verdict = this.#consumer.item(channel, effect.sequence);
      if (verdict === 'ignore') return;
      if (verdict === 'unknown') {
        this.channel.push({ to: 'producer', say: 'unknown' });
      } else if (verdict === 'handle') {
        this.handledByIncarnation.at(-1)?.push(effect.entry);
        const demand = this.#consumer.done(effect.isLast);
        if (demand !== undefined) this.#say(demand.handled, demand.upTo, demand.resendFrom);
      } else this.#say(verdict.handled, verdict.upTo, verdict.resendFrom);
    }
  }

  #say(handled: number, upTo: number, resendFrom: number): void {
    this.channel.push({ to: 'producer', say: [handled, upTo, resendFrom] });
  }

  #perform(effects: readonly ProducerEffect<number>[]): void {
    for (const effect of effects) {
      if (effect.type === 'confirmed') this.confirmed.push(effect.entry);
      else this.channel.push({ to: 'consumer', effect });
      if (effect.type === 'item')
        this.maxInFlight = Math.max(this.maxInFlight, effect.sequence - this.confirmed.length);
    }
  }
}

const step = oneof(
  { weight: 6, arbitrary: constant({ do: 'offer' } as const) },
  { weight: 8, arbitrary: nat(50).map((index) => ({ do: 'deliver', index }) as const) },
  { weight: 2, arbitrary: nat(50).map((index) => ({ do: 'duplicate', index }) as const) },
  { weight: 3, arbitrary: nat(50).map((index) => ({ do: 'drop', index }) as const) },
  { weight: 2, arbitrary: nat(600).map((ms) => ({ do: 'pass', ms }) as const) },
);
const restart = boolean().map((tellsRest) => ({ do: 'restart', tellsRest }) as const);

type Step = typeof step extends Arbitrary<infer S> ? S : never;
type RestartStep = typeof restart extends Arbitrary<infer S> ? S : never;

function play(steps: readonly (Step | RestartStep)[]): { pair: Pair; offered: number[] } {
  const pair = new Pair();
  const offered: number[] = [];
  for (const one of steps) {
    if (one.do === 'offer') {
      offered.push(offered.length + 1);
      pair.offer();
    } else if (one.do === 'deliver' || one.do === 'duplicate') {
      pair.deliver(one.index, one.do === 'duplicate');
    } else if (one.do === 'drop') pair.drop(one.index);
    else if (one.do === 'pass') pair.pass(one.ms);
    else pair.restart(one.tellsRest);
  }
  pair.finish();
  return { pair, offered };
}

it('delivers each message once and in order to a consumer that never restarts, over any faulty channel', () => {
  assert(
    property(array(step, { maxLength: 300 }), (steps) => {
      const { pair, offered } = play(steps);
      expect(pair.handledByIncarnation).toEqual([offered]);
      expect(pair.confirmed).toEqual(offered);
      expect(pair.maxInFlight).toBeLessThanOrEqual(window);
    }),
    { numRuns: 500 },
  );
});

it('loses nothing when the consumer restarts; each incarnation gets its part in order, without duplicates', () => {
  const steps = array(oneof({ weight: 20, arbitrary: step }, { weight: 1, arbitrary: restart }), {
    maxLength: 300,
  });
  assert(
    property(steps, (all) => {
      const { pair, offered } = play(all);
      for (const seen of pair.handledByIncarnation)
        expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
      expect([...new Set(pair.handledByIncarnation.flat())].toSorted((a, b) => a - b)).toEqual(offered);
      expect(pair.confirmed).toEqual(offered);
    }),
    { numRuns: 500 },
  );
});
