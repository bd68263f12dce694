import { describe, expect, it } from 'vitest';
import type { RestartType } from '../actor/supervision-options.ts';
import { decideRestart, type SupervisorDecision } from './decide-restart.ts';
import type { ChildOutcome } from '../actor/child.ts';
import { resolveSupervision } from './resolve-supervision.ts';
import type { SupervisionOptions } from '../actor/supervision-options.ts';

const restartTypes: RestartType[] = ['permanent', 'transient', 'temporary'];
const outcomes: ChildOutcome[] = ['stopped', 'failed', 'killed'];
/** OTP: permanent always, transient after an abnormal end, temporary never. */
const restarted = new Set([
  'permanent stopped',
  'permanent failed',
  'permanent killed',
  'transient failed',
  'transient killed',
]);

function decide(
  options: SupervisionOptions,
  outcome: ChildOutcome,
  types: RestartType[],
  child = 'b',
  history: number[] = [],
  childHistory = history,
): SupervisorDecision {
  const children = types.map((restart, index) => ({
    name: 'abcd'[index] as string,
    restart,
    isSignificant: false,
  }));
  return decideRestart(
    resolveSupervision(options),
    { child, outcome, children, history, childHistory },
    1_000,
    0,
  );
}

describe('decideRestart', () => {
  for (const type of restartTypes) {
    for (const outcome of outcomes) {
      const expected = restarted.has(`${type} ${outcome}`) ? 'restart' : 'remove';
      it(`answers ${expected} to a ${type} child that ${outcome === 'stopped' ? 'stopped' : `was ${outcome}`}`, () => {
        expect(decide({}, outcome, ['permanent', type, 'permanent']).type).toBe(expected);
      });
    }
  }

  it.each([
    ['one-for-one', ['b']],
    ['rest-for-one', ['b', 'c', 'd']],
    ['one-for-all', ['a', 'b', 'c', 'd']],
  ] as const)('restarts with %s the children %j in start order', (strategy, expected) => {
    expect(
      decide({ strategy }, 'failed', ['permanent', 'permanent', 'transient', 'permanent']),
    ).toMatchObject({ type: 'restart', restart: expected, remove: [] });
  });

  it('ends temporary siblings that are stopped with the others', () => {
    expect(
      decide({ strategy: 'one-for-all' }, 'failed', ['temporary', 'permanent', 'temporary']),
    ).toMatchObject({ restart: ['b'], remove: ['a', 'c'] });
  });

  it('leaves siblings alone when a child is not restarted', () => {
    expect(decide({ strategy: 'one-for-all' }, 'stopped', ['permanent', 'transient', 'permanent'])).toEqual({
      type: 'remove',
    });
  });

  it('escalates at one restart above the intensity, counted over all children', () => {
    const history = [500, 600, 700];
    expect(decide({ intensity: 3 }, 'failed', ['permanent', 'permanent'], 'b', history, [])).toEqual({
      type: 'escalate',
    });
    expect(decide({ intensity: 4 }, 'failed', ['permanent', 'permanent'], 'b', history, [])).toMatchObject({
      type: 'restart',
      history: [500, 600, 700, 1_000],
    });
  });

  it('counts a normal end of a permanent child too', () => {
    expect(decide({ intensity: 0 }, 'stopped', ['permanent', 'permanent'])).toEqual({ type: 'escalate' });
  });

  it('parks a child of a dynamic supervisor by the count of that child alone', () => {
    const dynamic = { dynamic: true, intensity: 3 };
    expect(decide(dynamic, 'failed', ['permanent', 'permanent'], 'b', [1, 2, 3, 4, 5], [])).toMatchObject({
      type: 'restart',
    });
    expect(decide(dynamic, 'failed', ['permanent', 'permanent'], 'b', [], [1, 2, 3])).toEqual({
      type: 'park',
    });
  });

  it('derives the backoff from the restarts of this child within the period', () => {
    const delays = [[], [900], [900, 950]].map((childHistory) =>
      decide({ intensity: 10 }, 'failed', ['permanent', 'permanent'], 'b', childHistory),
    );
    expect(delays.map((decision) => (decision.type === 'restart' ? decision.delayMs : -1))).toEqual([
      100, 200, 400,
    ]);
  });

  it.each([
    [{ intensity: -1 }, 'supervision.intensity'],
    [{ periodMs: Number.NaN }, 'supervision.periodMs'],
    [{ dynamic: true, strategy: 'one-for-all' }, 'supervision.dynamic'],
    [{ backoffMs: 100, backoffMaxMs: 50 }, 'supervision.backoffMaxMs'],
  ] as [SupervisionOptions, string][])('refuses %j by the name of the field', (options, field) => {
    expect(() => resolveSupervision(options)).toThrow(field);
  });

  // OTP's auto_shutdown: which endings of `a` end a supervisor of a and b, by rule and by who is significant.
  it.each([
    ['never', 'stopped', 'ab', 'remove'],
    ['any-significant', 'stopped', 'a', 'shut-down'],
    ['any-significant', 'stopped', 'b', 'remove'],
    ['any-significant', 'failed', 'a', 'restart'],
    ['all-significant', 'stopped', 'ab', 'remove'],
    ['all-significant', 'stopped', 'a', 'shut-down'],
    ['all-significant', 'stopped', 'b', 'remove'],
  ] as const)(
    'with auto-shutdown %s, a child that %s and %s significant: %s',
    (autoShutdown, outcome, significant, expected) => {
      const children = ['a', 'b'].map((name) => ({
        name,
        restart: 'transient' as const,
        isSignificant: significant.includes(name),
      }));
      const end = { child: 'a', outcome, children, history: [], childHistory: [] };
      expect(decideRestart(resolveSupervision({ autoShutdown }), end, 0, 0).type).toBe(expected);
    },
  );
});
