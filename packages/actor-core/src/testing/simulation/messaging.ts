import { z } from 'zod';
import type { ActorAddress, ActorRef } from '../../actor/actor-ref.ts';
import { receive } from '../../actor/behaviour.ts';
import type { Props } from '../../actor/actor-context.ts';
import { props } from '../../cell/create-props.ts';
import { localSystemOf } from '../../system/local-system.ts';
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
  | {
      readonly do: 'number';
      readonly from: string;
      readonly ofSender: number;
      readonly lane: Lane;
      /** Incarnation of the receiving node that the message is for; 0 for any. */
      readonly meant: number;
      readonly value: number;
    };
const note: z.ZodType<Note> = z.discriminatedUnion('do', [
  z.object({ do: z.literal('echo'), value: z.number(), replyTo: actorRefSchema<number>() }),
  z.object({
    do: z.literal('number'),
    from: z.string(),
    ofSender: z.number(),
    lane: z.enum(['control', 'data']),
    meant: z.number(),
    value: z.number(),
  }),
]);

const askTimeoutMs = 2_000;
/** Of the clock of a node that runs at another speed. */
const roundingMs = 1e-6;
const ledgerCapacity = 8;
const longestBurst = 10;

interface Ledger {
  sent: number;
  handled: number;
  deadLetters: number;
}

/**
 * Questions, numbered messages between nodes, and bursts within one node.
 *
 * - Every question is settled by its deadline, with its own answer or a `DroverError`.
 * - Messages of one client to one actor on one lane arrive in order, where the bus keeps the order; and at most once,
 * where the bus doubles nothing.
 * - A ref to one incarnation of a node reaches no other incarnation, and no message of an incarnation arrives after one
 * of a newer incarnation.
 * - A question to a node that has left fails as soon as the asker knows that.
 * - Within a node no message vanishes: each one is handled or becomes a dead letter, also across restarts.
 */
export class Messaging implements Workload {
  readonly #world: World;
  readonly #open = new Map<number, { readonly node: TestNode; readonly to: string }>();
  /** Questions that must be settled by the next check: their node has left. */
  #due: number[] = [];
  /** Refs to the desks of all incarnations so far. */
  readonly #desks: ActorAddress[] = [];
  readonly #ledgers = new Map<TestNode, Ledger>();
  #values = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const ledger: Ledger = { sent: 0, handled: 0, deadLetters: 0 };
    this.#ledgers.set(node, ledger);
    const { uid } = node.system.spawn(this.#desk(node), 'desk').address;
    this.#desks.push({ node: node.nodeId, nodeIncarnation: node.incarnation, path: 'desk', uid });
    for (const to of nodeNames) this.#number(node, to, 'data');
    node.presence.onChange((member) => {
      if (member.state !== 'left') return;
      for (const [value, question] of this.#open)
        if (question.node === node && question.to === member.node) this.#due.push(value);
    });
    const book = props<'note' | 'fail'>(
      () =>
        receive((message) => {
          ledger.handled++;
          if (message === 'fail') throw new Error('failed on purpose');
        }),
      { restart: 'permanent', mailbox: { capacity: ledgerCapacity } },
    ) as unknown as Props<never>;
    // Ends now and then, so that messages meet an actor that has ended.
    const shelf = supervisorProps(() => ({ book }), { intensity: 4, periodMs: 5_000 });
    node.system.spawn(
      supervisorProps(() => ({ shelf }), { intensity: 10_000, backoffMaxMs: 500 }),
      'ledger',
    );
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const lane: Lane = world.chance() < 0.3 ? 'control' : 'data';
    const draw = world.chance();
    if (draw < 0.6) this.#ask(node, world.pick(nodeNames), lane);
    else if (draw < 0.8) this.#number(node, world.pick(nodeNames), lane);
    else this.#burst(node);
    return true;
  }

  onEvent(node: TestNode, event: RuntimeEvent): void {
    const ledger = this.#ledgers.get(node);
    if (ledger !== undefined && event.type === 'dead-letter' && event.to.path === 'ledger/shelf/book')
      ledger.deadLetters++;
  }

  checkStep(): void {
    const world = this.#world;
    for (const value of this.#due) {
      const question = this.#open.get(value);
      world.check(
        question === undefined || !world.isAlive(question.node),
        `question ${value} is open although ${question?.to} has left`,
      );
    }
    this.#due = [];
  }

  async checkEnd(): Promise<void> {
    const world = this.#world;
    const unsettled = [...this.#open.values()].filter(({ node }) => world.isAlive(node)).length;
    world.check(unsettled === 0, `${unsettled} questions are still open`);
    for (const node of world.nodes()) {
      const { sent, handled, deadLetters } = this.#ledgers.get(node) as Ledger;
      world.check(
        sent === handled + deadLetters,
        `of ${sent} messages within ${node.nodeId}, ${handled} were handled and ${deadLetters} are dead letters`,
      );
    }
    const before = world.counted('answered');
    const asker = world.node('n0') as TestNode;
    for (const name of nodeNames) this.#ask(asker, name, 'data');
    await world.pass(askTimeoutMs);
    const answered = world.counted('answered') - before;
    world.check(answered === nodeNames.length, `in the end ${answered} of ${nodeNames.length} desks answer`);
  }

  #ask(node: TestNode, to: string, lane: Lane): void {
    const world = this.#world;
    const value = ++this.#values;
    const { clock } = node;
    const deadlineMs = clock.now() + askTimeoutMs;
    this.#open.set(value, { node, to });
    const settled = (outcome: string) => {
      if (!world.isAlive(node)) return;
      world.check(this.#open.delete(value), `question ${value} was settled twice`);
      // A paused process reads its clock when it continues.
      const isInTime = clock.now() <= deadlineMs + roundingMs || world.now() <= world.resumedAtMs(node);
      world.check(isInTime, `question ${value} was settled after its deadline`);
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
          world.count('answered');
          return settled('answered');
        },
        (error: unknown) => {
          world.check(error instanceof DroverError, `question ${value} failed with ${String(error)}`);
          world.count('refused');
          settled((error as DroverError).code);
        },
      );
  }

  #number(node: TestNode, to: string, lane: Lane): void {
    const one = this.#world.chance() < 0.3 ? this.#world.pick(this.#desks) : undefined;
    const ref: ActorRef<Note> =
      one === undefined
        ? node.system.refFor<Note>(to, 'desk')
        : (localSystemOf(node.system).node.refs.resolve(one) as ActorRef<Note>);
    const { nodeId: from, incarnation: ofSender } = node;
    const meant = one?.nodeIncarnation ?? 0;
    for (let i = 0; i < 3; i++)
      ref.tell({ do: 'number', from, ofSender, lane, meant, value: ++this.#values }, { lane });
  }

  #burst(node: TestNode): void {
    const world = this.#world;
    const ledger = this.#ledgers.get(node) as Ledger;
    const book = node.system.refFor<'note' | 'fail'>(node.nodeId, 'ledger/shelf/book');
    const count = 1 + Math.floor(world.chance() * longestBurst);
    for (let i = 0; i < count; i++) {
      ledger.sent++;
      book.tell(world.chance() < 0.15 ? 'fail' : 'note', {
        lane: world.chance() < 0.4 ? 'control' : 'data',
      });
    }
  }

  #desk(node: TestNode): Props<Note> {
    const world = this.#world;
    const create = () => {
      const newest = new Map<string, number>();
      const newestIncarnations = new Map<string, number>();
      const seen = new Set<number>();
      return receive<Note>((message) => {
        if (message.do === 'echo') return message.replyTo.tell(message.value);
        const { value, ofSender, meant } = message;
        world.check(
          meant === 0 || meant === node.incarnation,
          `${value} for incarnation ${meant} of ${node.nodeId} reached incarnation ${node.incarnation}`,
        );
        // A control message overtakes data in the mailbox, so a data message may come after a newer control message.
        const ofLane = message.lane === 'data' ? `${message.from} data` : message.from;
        const newestIncarnation = newestIncarnations.get(ofLane) ?? 0;
        for (const sender of new Set([message.from, ofLane]))
          newestIncarnations.set(sender, Math.max(ofSender, newestIncarnations.get(sender) ?? 0));
        world.check(
          ofSender >= newestIncarnation,
          `${value} of incarnation ${ofSender} of ${message.from} (${message.lane}) came after a message of incarnation ${newestIncarnation}`,
        );
        if (seen.has(value)) {
          // The content of a doubled frame arrives out of order; that is the fault of the bus.
          world.check(world.simulation.struck.has('duplicate'), `${value} was delivered twice`);
          return undefined;
        }
        seen.add(value);
        const from = `${message.from}#${ofSender} ${message.lane}`;
        const last = newest.get(from) ?? 0;
        newest.set(from, value);
        if (world.simulation.keepsSubjectOrder)
          world.check(value > last, `${value} of ${from} came after ${last}`);
        return undefined;
      });
    };
    return props<Note>(create, { protocol: note });
  }
}
