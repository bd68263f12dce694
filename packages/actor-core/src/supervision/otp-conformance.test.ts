import { describe, expect, it } from 'vitest';
import type { ActorRef } from '../actor/actor-ref.ts';
import type { RestartType } from '../actor/supervision-options.ts';
import { type Command, family } from '../testing/family.ts';
import { settle } from '../testing/settle.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';

/**
 * OTP's documented supervisor behaviours, a row each (https://www.erlang.org/doc/system/sup_princ.html and
 * https://www.erlang.org/doc/apps/stdlib/supervisor.html). Where this one differs on purpose: `SupervisionOptions`.
 *
 * Children are written `a:permanent b:transient!` in start order, `!` for significant. Steps: `b fail`, `b stop` (it
 * ends by itself, in order), `b kill`, `b hang`, `b end` (it is stopped from outside), `sup end`, `wait MS`. The trace
 * has a `-` for each life that ended in order and a `+` for each that began; `left` names who runs in the end.
 */
interface Row {
  readonly title: string;
  readonly options: SupervisionOptions;
  readonly children: string;
  readonly steps: string;
  readonly trace: string;
  readonly left: string;
  /** How the supervisor itself is restarted. @default 'temporary' */
  readonly supervisor?: RestartType;
}

type Strategy = 'one-for-one' | 'rest-for-one' | 'one-for-all';
const strategies: readonly Strategy[] = ['one-for-one', 'rest-for-one', 'one-for-all'];

async function play(row: Row): Promise<{ trace: string; left: string; escalations: number; parked: string }> {
  const types: Record<string, RestartType> = {};
  const significant: string[] = [];
  for (const child of row.children.split(' ')) {
    const [name = '', type = ''] = child.split(':');
    types[name] = type.replace('!', '') as RestartType;
    if (type.endsWith('!')) significant.push(name);
  }
  const options = { backoffMs: 0, ...row.options };
  const one = await family(options, types, row.supervisor ?? 'temporary', significant);
  for (const step of row.steps.split('; ')) {
    const [who = '', what = ''] = step.split(' ');
    const ref = who === 'sup' ? one.system.refFor<never>('local', 'sup') : one.children.get(who);
    if (who === 'wait') await one.advance(Number(what));
    // A stop that takes long is awaited by the steps after it.
    else if (what === 'end') void one.system.stop(ref as ActorRef<never>);
    else if (what === 'kill') one.system.kill(ref as ActorRef<never>);
    else await one.tell(who, what as Command);
    await settle();
    // A restart without backoff still takes a timer of 0 ms.
    if (who !== 'wait') await one.advance(1);
  }
  const running = one.system.inspect().filter(({ state }) => state === 'running');
  return {
    trace: one.trace.join(' '),
    left: running.map(({ path }) => path.replace('sup/', '')).join(' '),
    escalations: one.events.filter((event) => event.type === 'escalated').length,
    parked: one.events.flatMap((event) => (event.type === 'parked' ? [event.path] : [])).join(' '),
  };
}

function check(rows: readonly Row[]): void {
  it.each(rows)('$title', async (row) => {
    const { trace, left } = await play(row);
    expect({ trace, left }).toEqual({ trace: row.trace, left: row.left });
  });
}

/** Who falls and who comes back with `b` of three permanent children. */
const withTheOthers: Readonly<Record<Strategy, string>> = {
  'one-for-one': '-b1 +b2',
  'rest-for-one': '-b1 -c1 +b2 +c2',
  'one-for-all': '-b1 -c1 -a1 +a2 +b2 +c2',
};
const ends = { stop: 'ended by itself', fail: 'failed', kill: 'was killed' } as const;
const isRestarted: Readonly<Record<RestartType, readonly string[]>> = {
  permanent: ['stop', 'fail', 'kill'],
  transient: ['fail', 'kill'],
  temporary: [],
};

describe('restart types and strategies', () => {
  const rows: Row[] = [];
  for (const strategy of strategies) {
    for (const type of ['permanent', 'transient', 'temporary'] as const) {
      for (const end of ['stop', 'fail', 'kill'] as const) {
        const restarts = isRestarted[type].includes(end);
        rows.push({
          title: `${strategy} ${restarts ? 'restarts' : 'does not restart'} a ${type} child that ${ends[end]}`,
          options: { strategy },
          children: `a:permanent b:${type} c:permanent`,
          steps: `b ${end}`,
          trace: restarts ? withTheOthers[strategy] : '-b1',
          left: restarts ? 'sup a b c' : 'sup a c',
        });
      }
    }
  }
  check(rows);
});

describe('groups', () => {
  const family3 = 'a:permanent b:permanent c:permanent';
  check([
    {
      title: 'rest-for-one takes everybody along when the first one falls',
      options: { strategy: 'rest-for-one' },
      children: family3,
      steps: 'a fail',
      trace: '-a1 -c1 -b1 +a2 +b2 +c2',
      left: 'sup a b c',
    },
    {
      title: 'rest-for-one takes nobody along when the last one falls',
      options: { strategy: 'rest-for-one' },
      children: family3,
      steps: 'c fail',
      trace: '-c1 +c2',
      left: 'sup a b c',
    },
    {
      title: 'a transient sibling that falls with its group comes back with it',
      options: { strategy: 'one-for-all' },
      children: 'a:permanent b:permanent c:transient',
      steps: 'a fail',
      trace: '-a1 -c1 -b1 +a2 +b2 +c2',
      left: 'sup a b c',
    },
    {
      title: 'a temporary sibling that falls with one-for-all does not come back',
      options: { strategy: 'one-for-all' },
      children: 'a:temporary b:permanent c:temporary',
      steps: 'b fail',
      trace: '-b1 -c1 -a1 +b2',
      left: 'sup b',
    },
    {
      title: 'a temporary sibling before the one that falls stays with rest-for-one',
      options: { strategy: 'rest-for-one' },
      children: 'a:temporary b:permanent c:temporary',
      steps: 'b fail',
      trace: '-b1 -c1 +b2',
      left: 'sup a b',
    },
    {
      title: 'a child keeps its place in the start order through restarts',
      options: { strategy: 'rest-for-one' },
      children: family3,
      steps: 'a fail; b fail',
      trace: '-a1 -c1 -b1 +a2 +b2 +c2 -b2 -c2 +b3 +c3',
      left: 'sup a b c',
    },
    {
      title: 'a child that is stopped from outside is not restarted, whatever its type',
      options: {},
      children: 'a:permanent b:transient c:temporary',
      steps: 'a end; b end; c end',
      trace: '-a1 -b1 -c1',
      left: 'sup',
    },
    {
      title: 'a sibling that hangs is killed after its deadline, and the group restarts',
      options: { strategy: 'one-for-all', shutdownMs: 300 },
      children: family3,
      steps: 'c hang; a fail; wait 300',
      trace: '-a1 -b1 +a2 +b2 +c2',
      left: 'sup a b c',
    },
  ]);
});

/** So many failures, one after the other. */
function fails(count: number): string {
  return Array.from({ length: count }, () => 'b fail').join('; ');
}

describe('intensity and period', () => {
  for (const strategy of strategies) {
    for (const intensity of [0, 1, 3]) {
      it(`${strategy} with intensity ${intensity} takes ${intensity} restarts and gives up at the next`, async () => {
        const row = {
          title: '',
          options: { strategy, intensity, periodMs: 5_000 },
          children: 'a:permanent b:permanent c:permanent',
          trace: '',
          left: '',
        };
        if (intensity > 0)
          expect(await play({ ...row, steps: fails(intensity) })).toMatchObject({
            escalations: 0,
            left: 'sup a b c',
          });
        expect(await play({ ...row, steps: fails(intensity + 1) })).toMatchObject({
          escalations: 1,
          left: '',
        });
      });
    }
  }

  it.each([
    ['over all its children', {}, 'a fail; b fail', 1, ''],
    ['per child when dynamic', { dynamic: true }, 'a fail; b fail', 0, ''],
    ['and parks the child over it when dynamic', { dynamic: true }, 'a fail; b fail; a fail', 0, 'sup/a'],
    ['an end in order of a permanent child too', {}, 'a stop; b stop', 1, ''],
    ['a kill too', {}, 'a kill; a kill', 1, ''],
    ['a group that restarts together once', { strategy: 'one-for-all' }, 'a fail', 0, ''],
    ['no child that is not restarted', {}, 't fail; a fail', 0, ''],
    ['a restart as long as the period, to its last instant', {}, 'a fail; wait 4999; a fail', 1, ''],
    ['a restart no longer than the period', {}, 'a fail; wait 5000; a fail', 0, ''],
  ] as const)('counts %s', async (_what, options, steps, escalations, parked) => {
    const row = {
      title: '',
      options: { intensity: 1, periodMs: 5_000, ...options },
      children: 'a:permanent b:permanent t:temporary',
      steps,
      trace: '',
      left: '',
    };
    expect(await play(row)).toMatchObject({ escalations, parked });
  });

  check([
    {
      title: 'a supervisor that gives up ends its children in reverse start order, then itself',
      options: { intensity: 0 },
      children: 'a:permanent b:permanent c:permanent',
      steps: 'b fail',
      trace: '-c1 -b1 -a1',
      left: '',
    },
    {
      title: 'a permanent supervisor that gave up comes back with all its children in their first life',
      options: { intensity: 0 },
      children: 'a:permanent b:permanent',
      steps: 'b fail; wait 200',
      trace: '-b1 -a1 +a1 +b1',
      left: 'sup a b',
      supervisor: 'permanent',
    },
    {
      title: 'a transient supervisor that gave up comes back too: it failed',
      options: { intensity: 0 },
      children: 'a:permanent',
      steps: 'a fail; wait 200',
      trace: '-a1 +a1',
      left: 'sup a',
      supervisor: 'transient',
    },
  ]);
});

describe('auto-shutdown', () => {
  type Rule = 'never' | 'any-significant' | 'all-significant';
  /** Children, steps, and who is left with each rule. */
  const cases: readonly (readonly [
    title: string,
    children: string,
    steps: string,
    left: Readonly<Partial<Record<Rule, string>>>,
  ])[] = [
    [
      'the end of a significant transient child',
      'a:permanent b:transient! c:transient!',
      'b stop',
      { 'any-significant': '', 'all-significant': 'sup a c' },
    ],
    [
      'the end of the last significant child',
      'a:permanent b:transient! c:transient!',
      'b stop; c stop',
      { 'any-significant': '', 'all-significant': '' },
    ],
    [
      'the failure of a significant transient child, which is restarted,',
      'a:permanent b:transient!',
      'b fail',
      { 'any-significant': 'sup a b', 'all-significant': 'sup a b' },
    ],
    [
      'the failure of a significant temporary child',
      'a:permanent b:temporary!',
      'b fail',
      { 'any-significant': '', 'all-significant': '' },
    ],
    [
      'the end of a significant temporary child',
      'a:permanent b:temporary! c:temporary!',
      'b stop',
      { 'any-significant': '', 'all-significant': 'sup a c' },
    ],
    [
      'the kill of a significant temporary child',
      'a:permanent b:temporary!',
      'b kill',
      { 'any-significant': '', 'all-significant': '' },
    ],
    [
      'the kill of a significant transient child, which is restarted,',
      'a:permanent b:transient!',
      'b kill',
      { 'any-significant': 'sup a b', 'all-significant': 'sup a b' },
    ],
    [
      'a stop of a significant child from outside',
      'a:permanent b:transient!',
      'b end',
      { 'any-significant': 'sup a', 'all-significant': 'sup a' },
    ],
    [
      'the end of a child that is not significant',
      'a:permanent b:transient c:transient!',
      'b stop',
      { 'any-significant': 'sup a c', 'all-significant': 'sup a c' },
    ],
  ];
  for (const [title, children, steps, left] of cases) {
    for (const rule of ['any-significant', 'all-significant'] as const) {
      it(`with ${rule}, ${title} ${left[rule] === '' ? 'ends' : 'does not end'} the supervisor`, async () => {
        const row = { title, options: { autoShutdown: rule }, children, steps, trace: '', left: '' };
        expect(await play(row)).toMatchObject({ left: left[rule], escalations: 0 });
      });
    }
  }
  it('with all-significant, a parked child does not hold up the shutdown', async () => {
    const row = {
      title: '',
      options: { dynamic: true, intensity: 0, autoShutdown: 'all-significant' as const },
      children: 'a:permanent b:transient! c:temporary!',
      steps: 'b fail; c stop',
      trace: '',
      left: '',
    };
    expect(await play(row)).toMatchObject({ left: '', parked: 'sup/b' });
  });
  for (const strategy of ['one-for-all', 'rest-for-one'] as const) {
    it(`a significant temporary child that falls with its siblings does not end a ${strategy} supervisor`, async () => {
      const row = {
        title: '',
        options: { strategy, autoShutdown: 'any-significant' as const },
        children: 'a:permanent b:temporary! c:permanent',
        steps: 'a fail',
        trace: '',
        left: '',
      };
      expect(await play(row)).toMatchObject({ left: 'sup a c' });
    });
  }
  check([
    {
      title: 'the other children end in reverse start order, and a transient supervisor stays away',
      options: { autoShutdown: 'any-significant' },
      children: 'a:permanent b:transient! c:permanent',
      steps: 'b stop; wait 200',
      trace: '-b1 -c1 -a1',
      left: '',
      supervisor: 'transient',
    },
    {
      title: 'a permanent supervisor that shut itself down comes back',
      options: { autoShutdown: 'any-significant' },
      children: 'a:permanent b:transient!',
      steps: 'b stop; wait 200',
      trace: '-b1 -a1 +a1 +b1',
      left: 'sup a b',
      supervisor: 'permanent',
    },
  ]);

  it.each([
    ['with auto-shutdown never', {}, 'a:transient!'],
    ['that is permanent', { autoShutdown: 'any-significant' }, 'a:permanent!'],
  ] as const)('a significant child %s is refused', async (_which, options, children) => {
    const row = { title: '', options, children, steps: 'wait 1', trace: '', left: '' };
    expect(await play(row)).toMatchObject({ left: '' });
  });
});

describe('shutdown', () => {
  check([
    {
      title: 'children end in reverse start order',
      options: {},
      children: 'a:permanent b:transient c:temporary',
      steps: 'sup end',
      trace: '-c1 -b1 -a1',
      left: '',
    },
    {
      title: 'a child is not asked to end before the one started after it has ended',
      options: { shutdownMs: 1_000 },
      children: 'a:permanent b:permanent c:permanent',
      steps: 'b hang; sup end; wait 900',
      trace: '-c1',
      left: 'a',
    },
    {
      title: 'a child that does not end by its deadline is killed, and the next one is asked',
      options: { shutdownMs: 1_000 },
      children: 'a:permanent b:permanent c:permanent',
      steps: 'b hang; sup end; wait 1000',
      trace: '-c1 -a1',
      left: '',
    },
    {
      title: 'each child has the whole deadline for itself',
      options: { shutdownMs: 1_000 },
      children: 'a:permanent b:permanent c:permanent',
      steps: 'b hang; c hang; sup end; wait 1900',
      trace: '',
      left: 'a',
    },
    {
      title: 'with a deadline of 0 what is busy is killed at once',
      options: { shutdownMs: 0 },
      children: 'a:permanent b:permanent',
      steps: 'b hang; sup end',
      trace: '-a1',
      left: '',
    },
    {
      title: 'a child that waits for its restart is gone with its supervisor',
      options: { backoffMs: 1_000 },
      children: 'a:permanent b:permanent',
      steps: 'a fail; sup end; wait 2000',
      trace: '-a1 -b1',
      left: '',
    },
  ]);
});
