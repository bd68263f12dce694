import { z } from 'zod';
import type { ActorRef } from '../../actor/actor-ref.ts';
import type { Props } from '../../actor/actor-context.ts';
import type { DeliveryFrame, DeliveryResult } from '../../delivery/delivery-frame.ts';
import { reliableConsumer } from '../../delivery/reliable-consumer.ts';
import { type ProducerMessage, reliableProducer } from '../../delivery/reliable-producer.ts';
import type { TestNode } from '../test-node.ts';
import { supervisorProps } from './supervisor-props.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

interface Parcel {
  readonly from: string;
  readonly value: number;
}
const parcel: z.ZodType<Parcel> = z.object({ from: z.string(), value: z.number() });

const window = 8;
const resendMs = 500;
const resendMaxMs = 4_000;
/** Longer than any seed: a parcel that is unconfirmed at the end stays unconfirmed. */
const patienceMs = 600_000;
const mostParcels = 12;
const failures = 0.03;

/** Parcels that one incarnation of a producer sent to one node, and their outcomes. */
interface Line {
  readonly node: TestNode;
  sent: number;
  confirmed: number;
  handled: number;
}

/**
 * Parcels by reliable delivery, from every node to every node, to consumers that fail now and then.
 *
 * - One incarnation of a consumer handles each parcel once and in order; the next incarnation skips none.
 * - A confirmed parcel was handled.
 * - In the end all parcels of live producers are confirmed.
 */
export class Delivering implements Workload {
  readonly #world: World;
  readonly #lines = new Map<string, Line>();
  readonly #producers = new Map<string, ActorRef<ProducerMessage<Parcel>>>();

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const inbox = this.#inbox();
    node.system.spawn(
      supervisorProps(() => ({ inbox }), { intensity: 10_000, backoffMaxMs: 500 }),
      'delivery',
    );
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const to = world.pick(nodeNames);
    const from = `${node.nodeId}#${node.incarnation}>${to}`;
    let line = this.#lines.get(from);
    if (line === undefined) {
      line = { node, sent: 0, confirmed: 0, handled: 0 };
      this.#lines.set(from, line);
      const consumer = node.system.refFor<DeliveryFrame<Parcel>>(to, 'delivery/inbox');
      const options = { consumer, resendMs, resendMaxMs };
      this.#producers.set(from, node.system.spawn(reliableProducer<Parcel>(options), `to-${to}`));
    }
    const count = 1 + Math.floor(world.chance() * mostParcels);
    for (let i = 0; i < count; i++) this.#send(from, line);
    return true;
  }

  checkEnd(): void {
    for (const [from, { node, sent, confirmed }] of this.#lines)
      if (this.#world.isAlive(node))
        this.#world.check(confirmed === sent, `of ${sent} parcels ${from}, ${confirmed} were confirmed`);
  }

  #send(from: string, line: Line): void {
    const world = this.#world;
    const value = ++line.sent;
    const producer = this.#producers.get(from) as ActorRef<ProducerMessage<Parcel>>;
    line.node.system
      .ask<ProducerMessage<Parcel>, DeliveryResult>(
        producer,
        (replyTo) => ({ type: 'send', message: { from, value }, replyTo }),
        { timeoutMs: patienceMs },
      )
      .then((result) => {
        if (!world.isAlive(line.node)) return undefined;
        line.confirmed++;
        world.check(result.type === 'confirmed', `parcel ${value} ${from} was refused`);
        return world.check(
          line.handled >= value,
          `parcel ${value} ${from} was confirmed before it was handled`,
        );
      })
      .catch((error: unknown) => {
        if (world.isAlive(line.node)) world.check(false, `parcel ${value} ${from} failed: ${String(error)}`);
      });
  }

  #inbox(): Props<never> {
    const world = this.#world;
    const create = () => {
      const last = new Map<string, number>();
      return ({ from, value }: Parcel) => {
        if (world.chance() < failures) throw new Error('failed on purpose');
        const line = this.#lines.get(from) as Line;
        const before = last.get(from);
        last.set(from, value);
        if (before === undefined)
          world.check(
            value <= line.handled + 1,
            `a consumer begins ${from} with ${value} after ${line.handled}`,
          );
        else world.check(value === before + 1, `a consumer handles ${value} ${from} after ${before}`);
        if (value <= line.handled) world.count('redeliveredParcels');
        line.handled = Math.max(line.handled, value);
      };
    };
    return reliableConsumer<Parcel>({ protocol: parcel, window, create }) as unknown as Props<never>;
  }
}
