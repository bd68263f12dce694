import { expect, it } from 'vitest';
import type { Remedy } from '../actor/runtime-event.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { settle } from '../testing/settle.ts';
import { createTestHub, createTestNode } from '../testing/test-node.ts';
import { followRemedies } from './remedy-topic.ts';

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const mending = createTestNode(hub, { nodeId: 'mending' });
  const looking = createTestNode(hub, { nodeId: 'looking', roles: ['gateway'] });
  const heard: (Remedy & { readonly node: string })[] = [];
  followRemedies(looking, (remedy, node) => heard.push({ ...remedy, node }));
  return { clock, mending, heard };
}

const ejection: Remedy = {
  action: 'eject',
  subject: 'agent-1/ollama-1',
  cause: 'it refused three requests in a row',
  evidence: { failures: 3 },
};

it('tells every node what was mended, where, why and on which grounds', async () => {
  const { mending, heard } = setup();
  mending.system.reportRemedy(ejection);
  await settle();
  expect(heard).toEqual([{ ...ejection, node: 'mending' }]);
});

it('tells the restart of an actor, with the failure', async () => {
  const { clock, mending, heard } = setup();
  const actor = mending.system.spawn(
    props<string>(
      () =>
        receive(() => {
          throw new Error('it broke');
        }),
      { restart: 'permanent' },
    ),
    'fragile',
  );
  actor.tell('go');
  await settle();
  clock.advance(60_000);
  await settle();
  expect(heard).toMatchObject([
    { action: 'restart', subject: 'fragile', cause: 'it broke', node: 'mending' },
  ]);
});

it('tells at most a hundred at once and twenty a second after that', async () => {
  const { clock, mending, heard } = setup();
  for (let count = 0; count < 500; count++) mending.system.reportRemedy(ejection);
  await settle();
  expect(heard).toHaveLength(100);
  clock.advance(1_000);
  for (let count = 0; count < 500; count++) mending.system.reportRemedy(ejection);
  await settle();
  expect(heard).toHaveLength(120);
});

it('cuts long texts, so that a remedy always fits into a message', async () => {
  const { mending, heard } = setup();
  mending.system.reportRemedy({ ...ejection, cause: 'x'.repeat(10_000) });
  await settle();
  expect(heard[0]?.cause).toHaveLength(500);
});
