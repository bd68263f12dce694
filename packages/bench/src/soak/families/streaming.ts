import {
  type ActorRef,
  props,
  receive,
  StreamCancelledError,
  type StreamFrame,
  type StreamWriter,
} from '@drover/actor-core';
import { actorRefSchema } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { askTimeoutMs, expectEqual, type Family, type SoakNode } from '../family.ts';

const items = 40;
/** In one of this number of streams the reader stops reading: after a few items, or before the first. */
const leaveEvery = 4;
const leaveEarlyEvery = 16;
const leaveAfter = 5;
const window = 16;

const message = z.object({
  count: z.number().int(),
  leftAtOnce: z.boolean(),
  replyTo: actorRefSchema<StreamFrame<number>>(),
});
type Message = z.infer<typeof message>;

/**
 * Streamed answers that are read to the end or left early. When the reader leaves before the producer begins, the
 * question becomes a dead letter `expired`.
 */
export function streaming(self: SoakNode): Family {
  const { node, peer } = self;
  const { system } = node;
  const written = { opened: 0, ended: 0 };
  const behaviour = receive<Message>(({ count, leftAtOnce, replyTo }, context) => {
    // The producer began before it received the notice that the reader has left, so there is no dead letter.
    if (leftAtOnce) self.expectLetters('expired', -1);
    written.opened++;
    void produce(context.openStream<number>(replyTo), count)
      .catch(ignoreCancel)
      .finally(() => written.ended++);
  });
  system.spawn(
    props(() => behaviour, { protocol: message }),
    'producer',
  );
  const read = async (from: string, n: number): Promise<void> => {
    const target = system.refFor<Message>(from, 'producer');
    const leftAtOnce = n % leaveEarlyEvery === 1;
    const make = (replyTo: ActorRef<StreamFrame<number>>) => ({ count: items, leftAtOnce, replyTo });
    const stream = system.askStream<Message, number>(target, make, { timeoutMs: askTimeoutMs, window });
    if (leftAtOnce) {
      self.expectLetters('expired', 1);
      await stream.return?.();
      return;
    }
    const isLeft = n % leaveEvery === 0;
    let expected = 0;
    for await (const item of stream) {
      expectEqual('item', item, expected++);
      if (isLeft && expected === leaveAfter) break;
    }
    expectEqual('items', expected, isLeft ? leaveAfter : items);
  };
  return {
    operations: [
      { name: 'local stream', weight: 60, run: (n) => read(node.nodeId, n) },
      { name: 'remote stream', weight: 100, run: (n) => read(peer, n) },
    ],
    audit: async () => [{ name: 'streams written', sent: written.opened, delivered: written.ended }],
  };
}

async function produce(writer: StreamWriter<number>, count: number): Promise<void> {
  for (let item = 0; item < count; item++) await writer.write(item);
  writer.end();
}

function ignoreCancel(error: unknown): void {
  if (!(error instanceof StreamCancelledError)) throw error;
}
