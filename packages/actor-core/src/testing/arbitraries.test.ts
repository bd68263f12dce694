import { assert, asyncProperty, constant, nat, oneof, property, record } from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { mailboxLimits } from '../mailbox/mailbox-limits.ts';
import { DroverError } from '../errors.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { resolveSupervision } from '../supervision/resolve-supervision.ts';
import {
  faultSchedules,
  followsModel,
  mailboxOptions,
  messages,
  seeds,
  supervisionOptions,
} from './arbitraries.ts';
import { scheduleFaults } from './fault-schedule.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { Simulation } from './simulation.ts';

type Tally =
  | { readonly do: 'add'; readonly amount: number }
  | { readonly do: 'get'; readonly replyTo: ActorRef<number> };

/** Counts, and starts from 0 again at `forgetsAt`. */
const tally = (forgetsAt = Number.POSITIVE_INFINITY) =>
  props<Tally>(() => {
    let sum = 0;
    return receive((message) => {
      if (message.do === 'get') return message.replyTo.tell(sum);
      sum = sum + message.amount >= forgetsAt ? 0 : sum + message.amount;
    });
  });

const modelOf = (forgetsAt?: number) =>
  followsModel({
    operations: oneof(
      record({ do: constant('add' as const), amount: nat(5) }),
      constant({ do: 'get' as const }),
    ),
    initial: 0,
    step: (sum, operation) => (operation.do === 'add' ? [sum + operation.amount, undefined] : [sum, sum]),
    start: (system) => system.spawn(tally(forgetsAt)),
    perform: (ref, operation, system) => {
      if (operation.do === 'add') return ref.tell(operation) as undefined;
      return system.ask<Tally, number>(ref, (replyTo) => ({ do: 'get', replyTo }), { timeoutMs: 1_000 });
    },
  });

it('an actor that follows its model passes, whatever the operations', async () => {
  await assert(modelOf());
});

it('an actor that does not follow it fails with the shortest sequence of operations', async () => {
  const found = await assert(modelOf(7), { numRuns: 1_000, seed: 1 }).catch((error: Error) => error);
  const cause = (found as Error).cause as Error;
  expect(cause.message).toMatch(/^the model answers 7, the actor 0\n {2}operations:/);
  expect(cause.message.split('\n').length).toBeLessThan(8);
});

it('generated options are valid for the runtime', () => {
  assert(property(supervisionOptions(), (options) => void resolveSupervision(options)));
  assert(property(mailboxOptions(), (options) => void mailboxLimits(options)));
  assert(
    property(messages('open', 'close'), ({ type, payload }) => {
      expect(['open', 'close']).toContain(type);
      expect(payload).not.toBeTypeOf('function');
    }),
  );
});

const nodes = ['a', 'b', 'c'] as const;
const echoProtocol = z.object({ value: z.number(), replyTo: actorRefSchema<number>() });
const echo = props<z.infer<typeof echoProtocol>>(() => receive(({ value, replyTo }) => replyTo.tell(value)), {
  protocol: echoProtocol,
});

function start(node: SimulatedNode): void {
  node.system.spawn(echo, 'echo');
}

/** Asks during the faults, and once more after them. Returns the outcome of each question. */
async function askThrough(seed: number, schedule: Parameters<typeof scheduleFaults>[1]): Promise<string[]> {
  const simulation = new Simulation(seed);
  const outcomes: string[] = [];
  for (const name of nodes) start(simulation.startNode(name));
  scheduleFaults(simulation, schedule, start);
  const ask = (value: number) => {
    const { system } = simulation.nodes.get('a') ?? {};
    if (system === undefined) return;
    system
      .ask<z.infer<typeof echoProtocol>, number>(
        system.refFor('b', 'echo'),
        (replyTo) => ({ value, replyTo }),
        {
          timeoutMs: 1_000,
        },
      )
      .then(
        (answer) => outcomes.push(answer === value ? 'answered' : 'wrong'),
        (error: unknown) => outcomes.push(error instanceof DroverError ? error.code : 'wrong'),
      );
  };
  for (let value = 0; value < 20; value++) {
    ask(value);
    await simulation.run(500);
  }
  await simulation.run(10_000);
  outcomes.push('peace');
  ask(20);
  await simulation.run(2_000);
  return [...outcomes, simulation.traceHash];
}

it('a simulation of custom actors keeps its guarantees under any schedule, and its seed replays it', async () => {
  await assert(
    asyncProperty(seeds(), faultSchedules(nodes, 10_000), async (seed, schedule) => {
      const outcomes = await askThrough(seed, schedule);
      expect(outcomes).not.toContain('wrong');
      expect(outcomes.slice(-3, -1)).toEqual(['peace', 'answered']);
      expect(await askThrough(seed, schedule)).toEqual(outcomes);
    }),
    { numRuns: 20 },
  );
});
