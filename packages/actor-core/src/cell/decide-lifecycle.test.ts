import { describe, expect, it } from 'vitest';
import type { ActorState } from '../actor/child.ts';
import { decideLifecycle, type LifecycleEvent, type LifecycleFacts } from './decide-lifecycle.ts';

/** An idle actor without children and without a signal handler. */
function facts(state: ActorState, more: Partial<LifecycleFacts> = {}): LifecycleFacts {
  return {
    state,
    inTurn: false,
    afterHandling: undefined,
    termination: undefined,
    hasChildren: false,
    handlesSignals: false,
    ...more,
  };
}

const states: readonly ActorState[] = [
  'starting',
  'running',
  'busy',
  'restarting',
  'parked',
  'stopping',
  'stopped',
];

/** Next state and effects of each event in each state; `-`: nothing happens. */
const table: Readonly<Record<LifecycleEvent, Readonly<Record<ActorState, string>>>> = {
  stop: {
    starting: 'stopped: announce-end',
    running: 'stopped: announce-end',
    busy: 'stopping: terminate-to-end-later',
    restarting: 'stopping: leave-restart terminate-to-end',
    parked: 'stopped: announce-end',
    stopping: '-',
    stopped: '-',
  },
  'stop-self': {
    starting: 'restarting: report-stopped',
    running: 'restarting: report-stopped',
    busy: 'busy: report-stopped-later',
    restarting: '-',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  'returned-stopped': {
    starting: '-',
    running: 'restarting: report-stopped',
    busy: '-',
    restarting: '-',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  fail: {
    starting: 'restarting: report-failed',
    running: 'restarting: report-failed',
    busy: 'restarting: report-failed',
    restarting: '-',
    parked: '-',
    stopping: 'stopping: log-failure',
    stopped: '-',
  },
  kill: {
    starting: 'restarting: end-context drop-mailbox report-killed',
    running: 'restarting: end-context drop-mailbox report-killed',
    busy: 'restarting: end-context drop-mailbox report-killed',
    restarting: '-',
    parked: '-',
    stopping: 'stopped: abandon-incarnation announce-end',
    stopped: '-',
  },
  terminate: {
    starting: 'stopped: abandon-incarnation announce-end',
    running: 'stopped: abandon-incarnation announce-end',
    busy: 'stopped: abandon-incarnation announce-end',
    restarting: 'stopped: abandon-incarnation announce-end',
    parked: 'stopped: abandon-incarnation announce-end',
    stopping: 'stopped: abandon-incarnation announce-end',
    stopped: '-',
  },
  restart: {
    starting: 'restarting: terminate-to-restart',
    running: 'restarting: terminate-to-restart',
    busy: 'restarting: terminate-to-restart-later',
    restarting: 'restarting: terminate-to-restart',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  end: {
    starting: 'stopping: terminate-to-end',
    running: 'stopping: terminate-to-end',
    busy: 'stopping: terminate-to-end',
    restarting: 'stopping: terminate-to-end',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  park: {
    starting: 'restarting: terminate-to-park',
    running: 'restarting: terminate-to-park',
    busy: 'restarting: terminate-to-park',
    restarting: 'restarting: terminate-to-park',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  start: {
    starting: '-',
    running: '-',
    busy: '-',
    restarting: 'starting: begin-incarnation',
    parked: '-',
    stopping: '-',
    stopped: '-',
  },
  'terminated-to-end': {
    starting: '-',
    running: '-',
    busy: '-',
    restarting: '-',
    parked: '-',
    stopping: 'stopped: announce-end',
    stopped: '-',
  },
  'terminated-to-restart': {
    starting: '-',
    running: '-',
    busy: '-',
    restarting: 'restarting: restart-ready',
    parked: '-',
    stopping: 'stopped: announce-end',
    stopped: '-',
  },
  'terminated-to-park': {
    starting: '-',
    running: '-',
    busy: '-',
    restarting: 'parked: announce-parked',
    parked: '-',
    stopping: 'stopped: announce-end',
    stopped: '-',
  },
};

function decided(of: LifecycleFacts, event: LifecycleEvent): string {
  const { state, effects } = decideLifecycle(of, event);
  return state === of.state && effects.length === 0 ? '-' : `${state}: ${effects.join(' ')}`;
}

describe.each(Object.keys(table) as LifecycleEvent[])('the lifecycle event %s', (event) => {
  it.each(states)('leads from the state %s to the state and effects of the table', (state) => {
    expect(decided(facts(state), event)).toBe(table[event][state]);
  });
});

describe('a stop', () => {
  it('waits for the handler on the stack', () => {
    expect(decided(facts('running', { inTurn: true }), 'stop')).toBe('stopping: terminate-to-end-later');
  });

  it.each([{ hasChildren: true }, { handlesSignals: true }])(
    'terminates the incarnation first when it has something to terminate: %o',
    (more) => {
      expect(decided(facts('running', more), 'stop')).toBe('stopping: terminate-to-end');
    },
  );

  it.each([{ termination: {} }, { afterHandling: {} }])(
    'during a restart leaves the end to the termination under way: %o',
    (more) => {
      expect(decided(facts('restarting', more), 'stop')).toBe('stopping: leave-restart');
    },
  );
});

describe('a restart', () => {
  it.each([{ inTurn: true }, { afterHandling: 'returned-stopped' }])(
    'waits for the current handler: %o',
    (more) => {
      expect(decided(facts('running', more), 'restart')).toBe('restarting: terminate-to-restart-later');
    },
  );
});

describe('an actor that ends itself', () => {
  it('finishes the handler on the stack first', () => {
    expect(decided(facts('running', { inTurn: true }), 'stop-self')).toBe('running: report-stopped-later');
  });
});

it('decides without allocating: the same decision is the same object', () => {
  expect(decideLifecycle(facts('running'), 'stop')).toBe(decideLifecycle(facts('running'), 'stop'));
});
