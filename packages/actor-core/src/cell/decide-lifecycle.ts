import type { ActorState } from '../actor/child.ts';

/*
 * The lifecycle of one actor as a pure function.
 *
 *                        handler awaits
 *   starting ──▶ running ──────────────▶ busy
 *      ▲            │    ◀──────────────  │
 *      │            │     handler settles │
 *      │            ├─────────────────────┤
 *      │  fail, kill, stop-self           │ stop
 *      │            ▼                     ▼
 *      └─────── restarting ──stop, end──▶ stopping ──▶ stopped
 *        start      │                                   ▲
 *                   └──park──▶ parked ──stop────────────┘
 *
 * `terminate` leads from every state to stopped. `begin` (starting to running) and the two arrows of a handler are set
 * by the turn itself, since they happen for messages; everything else is decided here.
 */

/** What a decision depends on. A cell has these fields, so that no object is made for a decision. */
export interface LifecycleFacts {
  readonly state: ActorState;
  /** A handler is on the stack. */
  readonly inTurn: boolean;
  /** Something waits until the current handler has finished. */
  readonly afterHandling: unknown;
  /** A termination is under way. */
  readonly termination: unknown;
  /** The incarnation has children to stop. */
  readonly hasChildren: boolean;
  /** The incarnation has a signal handler, which gets a last signal. */
  readonly handlesSignals: boolean;
}

/** What happens to an actor. */
export type LifecycleEvent =
  /** The actor is stopped in order. */
  | 'stop'
  /** Its incarnation is to end as if the behaviour had returned `stopped`. */
  | 'stop-self'
  /** Its behaviour returned `stopped`. */
  | 'returned-stopped'
  | 'fail'
  | 'kill'
  /** It ends at once, in whatever state it is. */
  | 'terminate'
  /** The supervisor decided: bring the incarnation down for a restart. */
  | 'restart'
  /** The supervisor decided: no other incarnation. */
  | 'end'
  /** The supervisor decided: too many restarts, stay down. */
  | 'park'
  /** The supervisor starts the next incarnation. */
  | 'start'
  /** A termination has finished, by its purpose. */
  | 'terminated-to-end'
  | 'terminated-to-restart'
  | 'terminated-to-park';

/** What the cell does about an event, in order. */
export type LifecycleEffect =
  /** Terminates the incarnation, then ends, restarts or parks the actor. */
  | 'terminate-to-end'
  | 'terminate-to-restart'
  | 'terminate-to-park'
  /** The same, once the current handler has finished. */
  | 'terminate-to-end-later'
  | 'terminate-to-restart-later'
  /** Asks the supervisor what follows the end of this incarnation. */
  | 'report-stopped'
  | 'report-stopped-later'
  | 'report-failed'
  | 'report-killed'
  /** Takes the actor out of the restart that its supervisor has under way. */
  | 'leave-restart'
  /** Ends the context of a killed incarnation. */
  | 'end-context'
  | 'drop-mailbox'
  /** Discards the incarnation, children included, without finishing anything. */
  | 'abandon-incarnation'
  /** Logs a failure that no supervisor decides about any more, and continues with the end. */
  | 'log-failure'
  | 'begin-incarnation'
  /** The supervisor may start the next incarnation. */
  | 'restart-ready'
  | 'announce-parked'
  /** Tells the node, the watchers and the supervisor that the actor has ended. */
  | 'announce-end';

export interface LifecycleDecision {
  readonly state: ActorState;
  readonly effects: readonly LifecycleEffect[];
}

/** Pure. The decisions are constants, so that a spawn and a stop allocate nothing here. */
export function decideLifecycle(facts: LifecycleFacts, event: LifecycleEvent): LifecycleDecision {
  switch (event) {
    case 'stop':
      return decideStop(facts);
    case 'stop-self':
      if (!isUp(facts.state)) return unchanged[facts.state];
      return isHandling(facts) ? reportStoppedLater[facts.state] : reportStopped;
    case 'returned-stopped':
      return facts.state === 'running' ? reportStopped : unchanged[facts.state];
    case 'fail':
      if (facts.state === 'stopping') return logFailure;
      return isUp(facts.state) ? reportFailed : unchanged[facts.state];
    case 'kill':
      if (facts.state === 'stopping') return endAtOnce;
      return isUp(facts.state) ? reportKilled : unchanged[facts.state];
    case 'terminate':
      return facts.state === 'stopped' ? unchanged.stopped : endAtOnce;
    case 'restart':
      if (!isUpOrRestarting(facts.state)) return unchanged[facts.state];
      return isHandling(facts) || facts.afterHandling !== undefined ? restartLater : restartNow;
    case 'end':
      return isUpOrRestarting(facts.state) ? endInOrder : unchanged[facts.state];
    case 'park':
      return isUpOrRestarting(facts.state) ? parkNow : unchanged[facts.state];
    case 'start':
      return facts.state === 'restarting' ? beginNext : unchanged[facts.state];
    case 'terminated-to-restart':
      return facts.state === 'restarting' ? restartReady : endIfStopping(facts.state);
    case 'terminated-to-park':
      return facts.state === 'restarting' ? parked : endIfStopping(facts.state);
    default:
      // terminated-to-end
      return endIfStopping(facts.state);
  }
}

function decideStop(facts: LifecycleFacts): LifecycleDecision {
  switch (facts.state) {
    case 'stopping':
    case 'stopped':
      return unchanged[facts.state];
    case 'parked':
      return ended;
    case 'restarting':
      // The end of the incarnation may be under way already; it then ends the actor.
      return facts.termination !== undefined || facts.afterHandling !== undefined
        ? stopDuringTermination
        : stopBetweenIncarnations;
    default:
      if (isHandling(facts)) return endLater;
      // An idle actor without children and signal handler has nothing to wait for.
      return facts.hasChildren || facts.handlesSignals ? endInOrder : ended;
  }
}

function isUp(state: ActorState): boolean {
  return state === 'running' || state === 'busy' || state === 'starting';
}

function isUpOrRestarting(state: ActorState): boolean {
  return state === 'restarting' || isUp(state);
}

/** The end of a termination. A stop may have arrived while a restart or a park was under way. */
function endIfStopping(state: ActorState): LifecycleDecision {
  return state === 'stopping' ? ended : unchanged[state];
}

function isHandling({ inTurn, state }: LifecycleFacts): boolean {
  return inTurn || state === 'busy';
}

function decision(state: ActorState, ...effects: LifecycleEffect[]): LifecycleDecision {
  return Object.freeze({ state, effects: Object.freeze(effects) });
}

const unchanged: Readonly<Record<ActorState, LifecycleDecision>> = Object.freeze({
  starting: decision('starting'),
  running: decision('running'),
  busy: decision('busy'),
  restarting: decision('restarting'),
  parked: decision('parked'),
  stopping: decision('stopping'),
  stopped: decision('stopped'),
});
const reportStoppedLater: Readonly<Record<ActorState, LifecycleDecision>> = Object.freeze({
  ...unchanged,
  starting: decision('starting', 'report-stopped-later'),
  running: decision('running', 'report-stopped-later'),
  busy: decision('busy', 'report-stopped-later'),
});
const reportStopped = decision('restarting', 'report-stopped');
const reportFailed = decision('restarting', 'report-failed');
const reportKilled = decision('restarting', 'end-context', 'drop-mailbox', 'report-killed');
const logFailure = decision('stopping', 'log-failure');
const stopDuringTermination = decision('stopping', 'leave-restart');
const stopBetweenIncarnations = decision('stopping', 'leave-restart', 'terminate-to-end');
const endLater = decision('stopping', 'terminate-to-end-later');
const endInOrder = decision('stopping', 'terminate-to-end');
const endAtOnce = decision('stopped', 'abandon-incarnation', 'announce-end');
const ended = decision('stopped', 'announce-end');
const restartNow = decision('restarting', 'terminate-to-restart');
const restartLater = decision('restarting', 'terminate-to-restart-later');
const restartReady = decision('restarting', 'restart-ready');
const parkNow = decision('restarting', 'terminate-to-park');
const parked = decision('parked', 'announce-parked');
const beginNext = decision('starting', 'begin-incarnation');
