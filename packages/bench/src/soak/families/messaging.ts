import { type ActorRef, props, receive } from '@drover/actor-core';
import { actorRefSchema, type ClusterNode } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';
import { TellWindow } from '../tell-window.ts';

const text = 'x'.repeat(128);
const relays = 16;

const sinkMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tell'),
    from: z.string().max(64),
    text: z.string().max(1024),
    ackTo: actorRefSchema<number>().optional(),
  }),
  z.object({ kind: z.literal('count'), from: z.string().max(64), replyTo: actorRefSchema<number>() }),
]);
type SinkMessage = z.infer<typeof sinkMessage>;

interface Answer {
  readonly seq: number;
  readonly trace?: string | undefined;
}
const question = z.object({
  seq: z.number().int(),
  text: z.string().max(1024),
  replyTo: actorRefSchema<Answer>(),
});
type Question = z.infer<typeof question>;

/** Tells and questions in this process, to the other process, and through a third actor that passes on the answer. */
export function messaging({ node, peer }: SoakNode): Family {
  const { system } = node;
  spawnSinks(node);
  const answer = receive<Question>(({ seq, replyTo }, context) =>
    replyTo.tell({ seq, trace: context.trace }),
  );
  const answerer = system.spawn(
    props(() => answer, { protocol: question }),
    'answerer',
  );
  const farAnswerer = system.refFor<Question>(peer, 'answerer');
  const relay = receive<Question>(async ({ seq, text: words, replyTo }, context) => {
    const make = (to: ActorRef<Answer>) => ({ seq, text: words, replyTo: to });
    replyTo.tell(await context.ask(farAnswerer, make, { timeoutMs: askTimeoutMs }));
  });
  const chain = Array.from({ length: relays }, (_, index) =>
    system.spawn(
      props(() => relay),
      `relay-${index}`,
    ),
  );
  const ask = async (target: ActorRef<Question>, seq: number): Promise<void> => {
    const make = (replyTo: ActorRef<Answer>) => ({ seq, text, replyTo });
    const answered = await system.ask(target, make, { timeoutMs: askTimeoutMs });
    expectEqual('answer', answered.seq, seq);
    if (answered.trace === undefined) throw new Error('the trace was lost');
  };
  const near = tells(node, node.nodeId);
  const far = tells(node, peer);
  return {
    operations: [
      { name: 'local tell', weight: 3_000, run: () => near.tell() },
      { name: 'local ask', weight: 1_500, run: (n) => ask(answerer, n) },
      { name: 'remote tell', weight: 2_000, run: () => far.tell() },
      { name: 'remote ask', weight: 1_500, run: (n) => ask(farAnswerer, n) },
      {
        name: 'ask through a relay',
        weight: 200,
        run: (n) => ask(chain[n % relays] as ActorRef<Question>, n),
      },
      { name: 'remote tell that waits for room', weight: 50, run: () => far.tellOrWait() },
    ],
    audit: async () => [
      { name: 'local tells', ...(await near.count()) },
      { name: 'remote tells', ...(await far.count()) },
    ],
  };
}

/** One actor for the tells of each process, so that each has a mailbox of its own. */
function spawnSinks({ system }: ClusterNode): void {
  for (const name of ['near-sink', 'far-sink']) {
    const handled = new Map<string, number>();
    const behaviour = receive<SinkMessage>((message) => {
      const count = handled.get(message.from) ?? 0;
      if (message.kind === 'count') return message.replyTo.tell(count);
      handled.set(message.from, count + 1);
      message.ackTo?.tell(count + 1);
    });
    system.spawn(
      props(() => behaviour, { protocol: sinkMessage }),
      name,
    );
  }
}

interface Tells {
  tell(): Promise<void>;
  tellOrWait(): Promise<void>;
  count(): Promise<{ sent: number; delivered: number }>;
}

function tells({ system, nodeId }: ClusterNode, to: string): Tells {
  const from = nodeId;
  const isNear = to === nodeId;
  const sink = system.refFor<SinkMessage>(to, isNear ? 'near-sink' : 'far-sink');
  const window = new TellWindow();
  const acks = system.spawn(
    props<number>(() => receive((handled) => window.handled(handled)), { protocol: z.number().int() }),
    isNear ? 'near-acks' : 'far-acks',
  );
  const next = (): SinkMessage =>
    window.next() ? { kind: 'tell', from, text, ackTo: acks } : { kind: 'tell', from, text };
  return {
    tell: async () => {
      await window.room();
      sink.tell(next());
    },
    tellOrWait: async () => {
      await window.room();
      await system.tellOrWait(sink, next(), { timeoutMs: askTimeoutMs });
    },
    count: async () => {
      const delivered = await system.ask<SinkMessage, number>(
        sink,
        (replyTo) => ({ kind: 'count', from, replyTo }),
        { timeoutMs: askTimeoutMs },
      );
      return { sent: window.sent, delivered };
    },
  };
}
