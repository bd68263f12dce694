import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { advance, settle } from '../testing/settle.ts';
import { createTestHub, createTestNode, type TestNode } from '../testing/test-node.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from './create-props.ts';

/** `go`: ask that one · `ask`: answer it. */
type Word =
  | { readonly type: 'go'; readonly to: ActorRef<Word>; readonly does: 'await' | 'pipe' }
  | { readonly type: 'ask'; readonly replyTo: ActorRef<string> }
  | { readonly type: 'piped'; readonly outcome: string };

const protocol: z.ZodType<Word> = z.union([
  z.object({ type: z.literal('ask'), replyTo: actorRefSchema<string>() }),
  z.object({ type: z.literal('go'), to: actorRefSchema<Word>(), does: z.enum(['await', 'pipe']) }),
]);

function start(node: TestNode, name: string, outcomes: string[]): ActorRef<Word> {
  return node.system.spawn(
    props<Word>(
      () =>
        receive((word, context) => {
          if (word.type === 'piped') return void outcomes.push(word.outcome);
          if (word.type === 'ask') return word.replyTo.tell(name);
          const asked = context
            .ask<Word, string>(word.to, (replyTo) => ({ type: 'ask', replyTo }), { timeoutMs: 60_000 })
            .catch((error: Error & { code: string }) => error.code)
            .then((outcome) => `${name}: ${outcome}`);
          if (word.does === 'await') return asked.then((outcome) => void outcomes.push(outcome));
          context.pipeToSelf(
            asked,
            (outcome) => ({ type: 'piped', outcome }),
            () => ({ type: 'piped', outcome: 'failed' }),
          );
          return undefined;
        }),
      { protocol },
    ),
    name,
  );
}

describe.each([2, 3, 5])('%i actors in a ring, each of which asks the next at once', (count) => {
  it('have one question refused at once when all await, and the others are answered', async () => {
    const node = createTestNode(createTestHub(), { nodeId: 'n' });
    const outcomes: string[] = [];
    const actors = Array.from({ length: count }, (_, i) => start(node, `a${i}`, outcomes));
    for (const [i, actor] of actors.entries())
      actor.tell({ type: 'go', to: actors[(i + 1) % count] as ActorRef<Word>, does: 'await' });
    await settle();
    expect(outcomes).toHaveLength(count);
    expect(outcomes.filter((outcome) => outcome.endsWith('deadlock'))).toHaveLength(1);
    expect(node.system.counters().deadLetters.deadlock).toBe(1);
  });

  it('are all answered when one of them does not await', async () => {
    const node = createTestNode(createTestHub(), { nodeId: 'n' });
    const outcomes: string[] = [];
    const actors = Array.from({ length: count }, (_, i) => start(node, `a${i}`, outcomes));
    for (const [i, actor] of actors.entries())
      actor.tell({
        type: 'go',
        to: actors[(i + 1) % count] as ActorRef<Word>,
        does: i === 0 ? 'pipe' : 'await',
      });
    await settle(40);
    expect(outcomes).toHaveLength(count);
    expect(node.system.counters().deadLetters.deadlock).toBe(0);
  });
});

it('two actors of two nodes that ask each other crosswise get DeadlockError at once', async () => {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  await settle();
  const outcomes: string[] = [];
  start(near, 'a', outcomes).tell({ type: 'go', to: near.system.refFor('far', 'b'), does: 'await' });
  start(far, 'b', outcomes).tell({ type: 'go', to: far.system.refFor('near', 'a'), does: 'await' });
  await settle(40);
  expect(outcomes).toHaveLength(2);
  expect(outcomes.some((outcome) => outcome.endsWith('deadlock'))).toBe(true);
});

it('a cycle through a second actor on one of two nodes fails at once', async () => {
  const hub = createTestHub();
  const [near, far] = [createTestNode(hub, { nodeId: 'near' }), createTestNode(hub, { nodeId: 'far' })];
  await settle();
  const outcomes: string[] = [];
  const [a, c] = [start(near, 'a', outcomes), start(near, 'c', outcomes)];
  start(far, 'b', outcomes).tell({ type: 'go', to: far.system.refFor('near', 'c'), does: 'await' });
  c.tell({ type: 'go', to: a, does: 'await' });
  a.tell({ type: 'go', to: near.system.refFor('far', 'b'), does: 'await' });
  await settle(40);
  expect(outcomes).toHaveLength(3);
  expect(outcomes.some((outcome) => outcome.endsWith('deadlock'))).toBe(true);
});

it.each(['one node', 'two nodes'])(
  'a question that was forwarded to a third actor closes no cycle, on %s',
  async (where) => {
    const hub = createTestHub();
    const near = createTestNode(hub, { nodeId: 'near' });
    const far = where === 'one node' ? near : createTestNode(hub, { nodeId: 'far' });
    await settle();
    const outcomes: string[] = [];
    const answers: ActorRef<string>[] = [];
    const later = far.system.spawn(
      props<Word>(() => receive((word) => void (word.type === 'ask' && answers.push(word.replyTo)))),
      'later',
    );
    const handsOn = far.system.spawn(
      props<Word>(
        () =>
          receive((word, context) => {
            if (word.type === 'ask') return later.tell(word);
            if (word.type !== 'go') return undefined;
            return context
              .ask<Word, string>(word.to, (replyTo) => ({ type: 'ask', replyTo }), { timeoutMs: 60_000 })
              .then((answer) => void outcomes.push(`b: ${answer}`));
          }),
        { protocol },
      ),
      'b',
    );
    const a = start(near, 'a', outcomes);
    a.tell({ type: 'go', to: near.system.refFor(far.nodeId, 'b'), does: 'await' });
    await settle();
    // b has read a's question and awaits a, which awaits the answer that a third one will give.
    handsOn.tell({ type: 'go', to: far.system.refFor('near', 'a'), does: 'await' });
    await settle(40);
    answers[0]?.tell('late');
    await advance(hub.clock, 100);
    await settle(40);
    expect(outcomes).toEqual(['a: late', 'b: a']);
  },
);
