import { z } from 'zod';
import type { ActorRef } from '../../actor/actor-ref.ts';
import { receive } from '../../actor/behaviour.ts';
import type { Props } from '../../actor/actor-context.ts';
import { props } from '../../cell/create-props.ts';
import { DroverError, StreamBrokenError, StreamCancelledError } from '../../errors.ts';
import { actorRefSchema } from '../../remoting/actor-ref-schema.ts';
import type { StreamFrame } from '../../actor/stream.ts';
import type { StreamWriter } from '../../actor/stream.ts';
import type { TestNode } from '../test-node.ts';
import { supervisorProps } from './supervisor-props.ts';
import type { Workload } from './workload.ts';
import { nodeNames, type World } from './world.ts';

type Request =
  | {
      readonly do: 'count';
      readonly id: number;
      readonly from: number;
      readonly upTo: number;
      readonly replyTo: ActorRef<StreamFrame<number>>;
    }
  | { readonly do: 'fail' };
const request: z.ZodType<Request> = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('count'),
    id: z.number(),
    from: z.number(),
    upTo: z.number(),
    replyTo: actorRefSchema<StreamFrame<number>>(),
  }),
  z.object({ do: z.literal('fail') }),
]);

const window = 4;
const timeoutMs = 2_000;
const idleTimeoutMs = 4_000;
const mostItems = 30;
const mostAttempts = 6;
const slowestReadMs = 120;

/**
 * Streams of numbers that are read, read slowly, abandoned, and continued after they broke.
 *
 * - A reader gets each item once and in order, however often it continues, or a `DroverError`.
 * - Every stream ends for its reader and for its producer.
 * - A producer is never further ahead of its reader than the window.
 */
export class Streaming implements Workload {
  readonly #world: World;
  readonly #reading = new Map<number, TestNode>();
  readonly #producing = new Map<number, TestNode>();
  /** The highest item written for each reader. */
  readonly #written = new Map<number, number>();
  /** The last item read by each reader. */
  readonly #seen = new Map<number, number>();
  #ids = 0;
  #writers = 0;

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const counter = this.#counter(node) as unknown as Props<never>;
    node.system.spawn(
      supervisorProps(() => ({ counter }), { intensity: 10_000, backoffMaxMs: 500 }),
      'source',
    );
  }

  act(): boolean {
    const world = this.#world;
    const node = world.anyNode();
    if (node === undefined) return false;
    const target = node.system.refFor<Request>(world.pick(nodeNames), 'source/counter');
    if (world.chance() < 0.1) {
      target.tell({ do: 'fail' });
      return true;
    }
    const id = ++this.#ids;
    this.#reading.set(id, node);
    void this.#read(id, node, target).then(
      (outcome) => this.#ended(id, node, outcome),
      (error: unknown) => {
        if (world.isAlive(node))
          world.check(error instanceof DroverError, `stream ${id} failed with ${String(error)}`);
        this.#ended(id, node, (error as DroverError).code);
      },
    );
    return true;
  }

  checkEnd(): void {
    for (const [what, streams] of [
      ['reader', this.#reading],
      ['producer', this.#producing],
    ] as const) {
      const left = [...streams].filter(([, node]) => this.#world.isAlive(node)).map(([id]) => id);
      this.#world.check(left.length === 0, `${left.length} streams have not ended for their ${what}`);
    }
  }

  #ended(id: number, node: TestNode, outcome: string): void {
    this.#reading.delete(id);
    if (this.#world.isAlive(node)) this.#world.simulation.note(`stream ${id}: ${outcome}`);
  }

  async #read(id: number, node: TestNode, target: ActorRef<Request>): Promise<string> {
    const world = this.#world;
    const upTo = 1 + Math.floor(world.chance() * mostItems);
    const enough = world.chance() < 0.2 ? Math.floor(world.chance() * upTo) : upTo;
    const readMs = world.chance() < 0.5 ? 0 : world.chance() * slowestReadMs;
    let seen = 0;
    for (let attempt = 1; ; attempt++) {
      const from = seen + 1;
      try {
        const stream = node.system.askStream<Request, number>(
          target,
          (replyTo) => ({ do: 'count', id, from, upTo, replyTo }),
          { timeoutMs, idleTimeoutMs, window },
        );
        for await (const item of stream) {
          world.check(item === seen + 1, `stream ${id} gave ${item} after ${seen}`);
          seen = item;
          this.#seen.set(id, item);
          if (seen === enough && enough < upTo) return 'left';
          if (readMs > 0) await new Promise<void>((resolve) => node.clock.setTimer(readMs, resolve));
        }
        world.check(seen === upTo, `stream ${id} ended at ${seen} of ${upTo}`);
        return 'read';
      } catch (error) {
        if (!(error instanceof StreamBrokenError) || attempt === mostAttempts) throw error;
      }
    }
  }

  #counter(node: TestNode): Props<Request> {
    const create = () =>
      receive<Request>((message, context) => {
        if (message.do === 'fail') throw new Error('failed on purpose');
        const key = ++this.#writers;
        this.#producing.set(key, node);
        void this.#write(message, context.openStream(message.replyTo, { idleTimeoutMs })).then(
          () => this.#producing.delete(key),
          (error: unknown) => {
            this.#producing.delete(key);
            this.#world.check(
              error instanceof StreamCancelledError,
              `the producer of stream ${message.id} failed with ${String(error)}`,
            );
          },
        );
        return undefined;
      });
    return props<Request>(create, { protocol: request, restart: 'permanent' });
  }

  async #write(
    { id, from, upTo }: Extract<Request, { do: 'count' }>,
    writer: StreamWriter<number>,
  ): Promise<void> {
    for (let item = from; item <= upTo; item++) {
      const highest = this.#written.get(id) ?? 0;
      if (item <= highest) this.#world.count('redeliveredItems');
      else this.#written.set(id, item);
      let sent = false;
      const done = writer.write(item).then(() => (sent = true));
      await Promise.resolve();
      await Promise.resolve();
      if (!sent) this.#world.count('creditStalls');
      // The reader may have received the next item without having processed it.
      else
        this.#world.check(
          item <= (this.#seen.get(id) ?? 0) + 1 + window,
          `the producer of stream ${id} wrote ${item} when ${this.#seen.get(id) ?? 0} were read`,
        );
      await done;
    }
    writer.end();
  }
}
