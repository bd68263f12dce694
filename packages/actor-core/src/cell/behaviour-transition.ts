import { InvalidArgumentError } from '../errors.ts';
import { type ActorCell, dropMessage } from './cell.ts';
import { beginAwaiting, finishHand } from './handling.ts';
import type { Behaviour, Next } from '../actor/behaviour.ts';
import type { CellContext } from './context.ts';
import { fail, reportEnd, stopItself } from './lifecycle.ts';
import type { Handling } from './reentrancy.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';

/** Runs the recipe: the first behaviour of this incarnation. */
export function begin<M>(cell: ActorCell<M>): void {
  const { context } = cell;
  cell.state = 'running';
  if (isTracing) enterTrace(undefined);
  try {
    become(cell, cell.props.create());
    if (cell.onMessage === dropMessage && cell.state === 'running')
      throw new InvalidArgumentError('behaviour', `of ${cell.path} does not begin with one that receives`);
  } catch (error) {
    cell.inTurn = false;
    if (context.active) fail(cell, error);
  }
}

/** Takes what a handler returned: the behaviour from now on, or a promise until which nothing is handled. */
export function become<M>(cell: ActorCell<M>, next: Behaviour<M> | Promise<Next<M>>): void {
  if ('then' in requireObject(next)) close(cell, next as Promise<Next<M>>);
  else adopt(cell, next as Behaviour<M>);
}

function adopt<M>(cell: ActorCell<M>, next: Behaviour<M>): void {
  let behaviour = next;
  for (;;) {
    switch (behaviour.kind) {
      case 'receive':
        cell.onMessage = behaviour.onMessage;
        cell.onSignal = behaviour.onSignal;
        return;
      case 'setup':
        behaviour = requireObject(behaviour.create(cell.context));
        continue;
      case 'same':
        return;
      case 'unhandled':
        cell.runtime.emit({ type: 'unhandled', path: cell.path });
        return;
      case 'stopped':
        if (cell.context.active && cell.state === 'running') reportEnd(cell, 'stopped', undefined);
        return;
      default:
        throw notABehaviour(behaviour);
    }
  }
}

/** Takes what a handler returned that was let in while another one awaits. */
export function adoptWhileBusy<M>(cell: ActorCell<M>, next: Behaviour<M>): void {
  if (next.kind === 'stopped') stopItself(cell);
  else adopt(cell, next);
}

function close<M>(cell: ActorCell<M>, promise: Promise<Next<M>>): void {
  if (cell.state === 'running') cell.state = 'busy';
  beginAwaiting(cell);
  awaitNext(cell, promise, undefined);
}

/** `hand`: what was let in while another handling is awaited. */
export function awaitNext<M>(
  cell: ActorCell<M>,
  promise: Promise<Next<M>>,
  hand: Handling | undefined,
): void {
  const { context } = cell;
  void promise.then(
    (next) => reopen(cell, context, next, hand),
    (error: unknown) => reopenFailed(cell, context, error),
  );
}

function reopen<M>(
  cell: ActorCell<M>,
  context: CellContext<M>,
  next: Next<M>,
  hand: Handling | undefined,
): void {
  // The late result of an incarnation that has ended.
  if (!context.active) return;
  const isLast = finishHand(cell, context, hand);
  context.touch();
  if (cell.state === 'busy' && isLast) cell.state = 'running';
  try {
    if (!isLast) {
      if (next !== undefined && cell.state === 'busy') adoptWhileBusy(cell, next);
      return;
    }
    if (next !== undefined && cell.state === 'running') adopt(cell, requireObject(next));
  } catch (error) {
    fail(cell, error);
    return;
  }
  cell.settled();
}

function reopenFailed<M>(cell: ActorCell<M>, context: CellContext<M>, error: unknown): void {
  if (!context.active) return;
  if (cell.state === 'busy') cell.state = 'running';
  if (cell.state === 'restarting') cell.settled();
  else fail(cell, error);
}

/** Only code without types returns anything else. */
function requireObject<B extends object>(behaviour: B): B {
  if (typeof behaviour !== 'object' || (behaviour as B | null) === null) throw notABehaviour(behaviour);
  return behaviour;
}

function notABehaviour(value: unknown): InvalidArgumentError {
  return new InvalidArgumentError('behaviour', `must be one, or nothing; it is of type ${typeof value}`);
}
