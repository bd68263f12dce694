import { z } from 'zod';
import type { ActorRef } from '../../actor/actor-ref.ts';
import { receive } from '../../actor/behaviour.ts';
import { type Props, props } from '../../actor/props.ts';
import type { RuntimeEvent } from '../../actor/runtime-event.ts';
import { DroverError } from '../../errors.ts';
import { actorRefSchema } from '../../remoting/actor-ref-schema.ts';
import type { TestNode } from '../test-node.ts';
import { supervisorProps } from './supervisor-props.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

type Lane = 'control' | 'data';
type Note =
  | { readonly do: 'echo'; readonly value: number; readonly replyTo: ActorRef<number> }
  | { readonly do: 'number'; readonly from: string; readonly value: number };
const note: z.ZodType<Note> = z.discriminatedUnion('do', [
  z.object({ do: z.literal('echo'), value: z.number(), replyTo: actorRefSchema<number>() }),
  z.object({ do: z.literal('number'), from: z.string(), value: z.number() }),
]);

const askTimeoutMs = 2_000;
const ledgerCapacity = 8;
const longestBurst = 10;

interface Ledger {
  sent: number;
  handled: number;
  deadLetters: number;
}

/**
 * Questions, numbered messages between nodes, and bursts within one.
 *
 * - Every question is settled by its deadline, with its own answer or an error of ours.
 * - What one client sends to one actor on one lane arrives in that order, where the bus keeps it.
 * - Within a node nothing vanishes: each message is handled or a dead letter, restarts or not.
 */
export class Messaging implements Workload {
  private readonly world: World;
  private readonly open = new Map<number, TestNode>();
  private readonly ledgers = new Map<TestNode, Ledger>();
  private values = 0;

  constructor(world: World) {
    this.world = world;
  }

  startNode(node: TestNode): void {
    const ledger: Ledger = { sent: 0, handled: 0, deadLetters: 0 };
    this.ledgers.set(node, ledger);
    node.system.spawn(this.desk(), 'desk');
    const book = props<'note' | 'fail'>(
      () =>
        receive((message) => {
          ledger.handled++;
          if (message === 'fail') throw new Error('asked to');
        }),
      { restart: 'permanent', mailbox: { capacity: ledgerCapacity } },
    ) as unknown as Props<never>;
    // Gives up now and then, so that messages meet an actor that is no more.
    const shelf = supervisorProps(() => ({ book }), { intensity: 4, periodMs: 5_000 });
    node.system.spawn(
      supervisorProps(() => ({ shelf }), { intensity: 10_000, backoffMaxMs: 500 }),
      'ledger',
    );
  }

  act(): boolean {
    const { world } = this;
    const node = world.anyNode();
    if (node === undefined) return false;
    const lane: Lane = world.chance() < 0.3 ? 'control' : 'data';
    const draw = world.chance();
    if (draw < 0.6) this.ask(node, world.pick(nodeNames), lane);
    else if (draw < 0.8) this.number(node, world.pick(nodeNames), lane);
    else this.burst(node);
    return true;
  }

  onEvent(node: TestNode, event: RuntimeEvent): void {
    const ledger = this.ledgers.get(node);
    if (ledger !== undefined && event.type === 'dead-letter' && event.to.path === 'ledger/shelf/book')
      ledger.deadLetters++;
  }

  async checkEnd(): Promise<void> {
    const { world } = this;
    const unsettled = [...this.open.values()].filter((node) => world.isAlive(node)).length;
    world.check(unsettled === 0, `${unsettled} questions are still open`);
    for (const node of world.nodes()) {
      const { sent, handled, deadLetters } = this.ledgers.get(node) as Ledger;
      world.check(
        sent === handled + deadLetters,
        `of ${sent} messages within ${node.nodeId}, ${handled} were handled and ${deadLetters} are dead letters`,
      );
    }
    const before = world.counters.answered;
    const asker = world.node('n0') as TestNode;
    for (const name of nodeNames) this.ask(asker, name, 'data');
    await world.simulation.run(askTimeoutMs);
    const answered = world.counters.answered - before;
    world.check(answered === nodeNames.length, `in the end ${answered} of ${nodeNames.length} desks answer`);
  }

  private ask(node: TestNode, to: string, lane: Lane): void {
    const { world } = this;
    const value = ++this.values;
    const deadlineMs = world.now() + askTimeoutMs;
    this.open.set(value, node);
    const settled = (outcome: string) => {
      if (!world.isAlive(node)) return;
      world.check(this.open.delete(value), `question ${value} was settled twice`);
      // A frozen process looks at its clock when it runs again.
      const latestMs = Math.max(deadlineMs, world.resumedAtMs(node));
      world.check(world.now() <= latestMs, `question ${value} was settled after its deadline`);
      world.simulation.note(`ask ${value}: ${outcome}`);
    };
    node.system
      .ask<Note, number>(node.system.refFor(to, 'desk'), (replyTo) => ({ do: 'echo', value, replyTo }), {
        timeoutMs: askTimeoutMs,
        lane,
      })
      .then(
        (answer) => {
          world.check(answer === value, `question ${value} got the answer ${answer}`);
          world.counters.answered++;
          return settled('answered');
        },
        (error: unknown) => {
          world.check(error instanceof DroverError, `question ${value} failed with ${String(error)}`);
          world.counters.refused++;
          settled((error as DroverError).code);
        },
      );
  }

  private number(node: TestNode, to: string, lane: Lane): void {
    const from = `${node.nodeId}#${node.incarnation} ${lane}`;
    for (let i = 0; i < 3; i++)
      node.system.refFor<Note>(to, 'desk').tell({ do: 'number', from, value: ++this.values }, { lane });
  }

  private burst(node: TestNode): void {
    const { world } = this;
    const ledger = this.ledgers.get(node) as Ledger;
    const book = node.system.refFor<'note' | 'fail'>(node.nodeId, 'ledger/shelf/book');
    const count = 1 + Math.floor(world.chance() * longestBurst);
    for (let i = 0; i < count; i++) {
      ledger.sent++;
      book.tell(world.chance() < 0.15 ? 'fail' : 'note', {
        lane: world.chance() < 0.4 ? 'control' : 'data',
      });
    }
  }

  private desk(): Props<Note> {
    const { world } = this;
    const create = () => {
      const newest = new Map<string, number>();
      const seen = new Set<number>();
      return receive<Note>((message) => {
        if (message.do === 'echo') return message.replyTo.tell(message.value);
        // The bus may double a frame; what is in it the second time is out of order and no fault of ours.
        if (seen.has(message.value)) return undefined;
        seen.add(message.value);
        const last = newest.get(message.from) ?? 0;
        newest.set(message.from, message.value);
        if (world.simulation.keepsSubjectOrder)
          world.check(message.value > last, `${message.value} of ${message.from} came after ${last}`);
        return undefined;
      });
    };
    return props<Note>(create, { protocol: note });
  }
}
