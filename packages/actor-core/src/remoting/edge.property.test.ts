import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { startRegistry } from '../registry/cluster-registry.ts';
import { settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { actorRefSchema } from './actor-ref-schema.ts';

interface Echo {
  readonly value: number;
  readonly replyTo: ActorRef<number>;
}
const protocol: z.ZodType<Echo> = z.object({ value: z.number(), replyTo: actorRefSchema<number>() });
const packr = new Packr({ useRecords: false });

/** Anything at all, and what looks like a message until one reads it. */
const anything = fc.anything({
  withNullPrototype: true,
  withBigInt: true,
  withDate: true,
  withTypedArray: true,
});
const nearly = fc.oneof(
  fc.constantFrom('echo', 'registry', '$ask', '', '/', '__proto__', 'constructor', 'echo/x', '0'),
  fc.integer(),
  fc.constantFrom(0, 1, 2 ** 53, -1, 0.5, null, undefined, Number.NaN),
  anything,
);
const message = fc
  .array(nearly, { maxLength: 9 })
  .chain((rest) => fc.nat(8).map((kind): unknown[] => [kind, ...rest]));
const packed = (value: unknown): Uint8Array => {
  try {
    return new Uint8Array(packr.pack(value));
  } catch {
    return new Uint8Array(0);
  }
};
const frame = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(
      fc.constantFrom(1, 1, 1, 0, 2, 255),
      fc.oneof(fc.nat(5), anything),
      fc.array(message, { maxLength: 4 }),
    )
    .map(([version, incarnation, messages]) =>
      Uint8Array.of(version, ...packed(incarnation), ...messages.flatMap((one) => [...packed(one)])),
    ),
);
const lane = fc.constantFrom('ctl' as const, 'dat' as const, 'ping' as const);

it('rejects all invalid input at the edge, and answers other nodes as before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(lane, frame), { minLength: 1, maxLength: 30 }), async (frames) => {
      const hub = createTestHub();
      const [a, b] = ['a', 'b'].map((nodeId) => createTestNode(hub, { nodeId }));
      if (a === undefined || b === undefined) throw new Error('unreachable');
      startRegistry(b);
      b.system.spawn(
        props<Echo>(() => receive(({ value, replyTo }) => replyTo.tell(value)), { protocol }),
        'echo',
      );
      const stranger = hub.bus.connect('stranger');
      // Whatever a handler throws would come out of here, and a listener that fails is logged.
      for (const [on, payload] of frames) stranger.publish(b.subjects.inbox('b', on, 'stranger'), payload);
      for (const [, payload] of frames) {
        stranger.publish(b.subjects.presence('stranger'), payload);
        stranger.publish(b.subjects.leader('g', 'stranger'), payload);
      }
      await settle(4);
      const asked = a.system.ask<Echo, number>(
        a.system.refFor<Echo>('b', 'echo'),
        (replyTo) => ({ value: 7, replyTo }),
        { timeoutMs: 1_000 },
      );
      expect(await asked).toBe(7);
    }),
    { numRuns: 200 },
  );
});
