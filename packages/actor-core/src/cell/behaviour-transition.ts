import type { Behaviour, Next } from '../actor/actor-context.ts';
import { enterTrace, isTracing } from '../actor/trace-context.ts';
import { InvalidArgumentError } from '../errors.ts';
import type { CellState, IncarnationContext } from './cell-state.ts';
import { beginAwaiting, finishHandling } from './handling.ts';
import { fail, returnedStopped, stopItself } from './lifecycle.ts';
import type { Handling } from './reentrancy.ts';

/** The message handler of an actor without a behaviour. */
export function dropMessage(): undefined {
  return undefined;
}

/** Runs the recipe, which makes the first behaviour of this incarnation. */
export function begin<M>(cell: CellState<M>): void {
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

/** Takes what a handler returned: the next behaviour, or a promise until which no further message is handled. */
export function become<M>(cell: CellState<M>, next: Behaviour<M> | Promise<Next<M>>): void {
  if ('then' in requireObject(next)) becomeBusy(cell, next as Promise<Next<M>>);
  else adopt(cell, next as Behaviour<M>);
}

function adopt<M>(cell: CellState<M>, next: Behaviour<M>): void {
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
        cell.node.events.emit({ type: 'unhandled', path: cell.path });
        return;
      case 'stopped':
        if (cell.context.active) returnedStopped(cell);
        return;
      default:
        throw notABehaviour(behaviour);
    }
  }
}

/** Takes what a reentrant handler returned while another handler awaits its promise. */
export function becomeWhileBusy<M>(cell: CellState<M>, next: Behaviour<M>): void {
  if (next.kind === 'stopped') stopItself(cell);
  else adopt(cell, next);
}

function becomeBusy<M>(cell: CellState<M>, promise: Promise<Next<M>>): void {
  if (cell.state === 'running') cell.state = 'busy';
  beginAwaiting(cell);
  awaitNext(cell, promise, undefined);
}

/** `handling`: of a reentrant message; undefined for the handler that made the actor busy. */
export function awaitNext<M>(
  cell: CellState<M>,
  promise: Promise<Next<M>>,
  handling: Handling | undefined,
): void {
  const { context } = cell;
  void promise.then(
    (next) => handlerSettled(cell, context, next, handling),
    (error: unknown) => handlerFailed(cell, context, error),
  );
}

function handlerSettled<M>(
  cell: CellState<M>,
  context: IncarnationContext<M>,
  next: Next<M>,
  handling: Handling | undefined,
): void {
  // A late result of an incarnation that has ended.
  if (!context.active) return;
  const isLast = finishHandling(cell, context, handling);
  context.touch();
  if (cell.state === 'busy' && isLast) cell.state = 'running';
  try {
    if (!isLast) {
      if (next !== undefined && cell.state === 'busy') becomeWhileBusy(cell, next);
      return;
    }
    if (next !== undefined && cell.state === 'running') adopt(cell, requireObject(next));
  } catch (error) {
    fail(cell, error);
    return;
  }
  cell.settled();
}

function handlerFailed<M>(cell: CellState<M>, context: IncarnationContext<M>, error: unknown): void {
  if (!context.active) return;
  if (cell.state === 'busy') cell.state = 'running';
  if (cell.state === 'restarting') cell.settled();
  else fail(cell, error);
}

/** Only code without types returns something that is not an object. */
function requireObject<B extends object>(behaviour: B): B {
  if (typeof behaviour !== 'object' || (behaviour as B | null) === null) throw notABehaviour(behaviour);
  return behaviour;
}

function notABehaviour(value: unknown): InvalidArgumentError {
  return new InvalidArgumentError('behaviour', `must be one, or nothing; it is of type ${typeof value}`);
}
