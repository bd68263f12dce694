import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import { receive, setup } from '../actor/behaviour.ts';
import { createActorSystem } from '../node/create-actor-system.ts';
import { props } from '../cell/create-props.ts';

describe('inspect', () => {
  it('shows the tree, each actor before its children, children in start order', async () => {
    const system = createActorSystem();
    const leaf = props<string>(() => receive(() => undefined));
    const branch = props<string>(() =>
      setup((context) => {
        for (const name of ['z', 'a']) context.spawn(leaf, name);
        return receive(() => undefined);
      }),
    );
    system.spawn(branch, 'second');
    system.spawn(leaf, 'first');
    await settle();
    const seen = system.inspect();
    expect(seen.map(({ path }) => path)).toEqual(['second', 'second/z', 'second/a', 'first']);
    const [top] = seen;
    expect(seen.map(({ parentUid }) => parentUid)).toEqual([undefined, top?.uid, top?.uid, undefined]);
  });

  it('shows how many messages an actor handled per second since the previous call', async () => {
    const clock = new ManualClock();
    const system = createActorSystem({ clock });
    const ref = system.spawn(props<number>(() => receive(() => undefined)));
    const rate = () => system.inspect()[0]?.messagesPerSecond;
    const first = rate();
    for (let i = 0; i < 30; i++) ref.tell(i);
    await settle();
    clock.advance(2_000);
    expect([first, rate(), rate()]).toEqual([undefined, 15, 15]);
    clock.advance(1_000);
    expect(rate()).toBe(0);
  });
});
