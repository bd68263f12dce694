import type { AskOptions } from '../actor/ask-options.ts';
import type { ActorRef } from '../actor/actor-ref.ts';
import { requireAskOptions } from '../cell/ask.ts';
import type { ActorSystem } from '../actor/actor-system.ts';
import type { Clock, Timer } from '../clock.ts';
import { InvalidArgumentError, NoTargetsError, TooFewAnswersError } from '../errors.ts';
import type { Random } from '../random.ts';
import { decideGather, type Gathering } from './decide-gather.ts';

/** What a question to several targets needs of a node; a `ClusterNode` has it. */
export interface Asker {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly random: Random;
}

type Make<M, R> = (replyTo: ActorRef<R>) => M;

/**
 * Asks all targets at once and returns the first answer (scatter-gather). All of them do the work.
 *
 * @throws NoTargetsError
 * @throws TooFewAnswersError when all failed or the deadline passed
 */
export async function askFirst<M, R>(
  asker: Asker,
  targets: readonly ActorRef<M>[],
  make: Make<M, R>,
  options: AskOptions<R>,
): Promise<R> {
  requireAskOptions(options);
  const [answer] = await gather(asker, targets, make, options, 1, 0);
  return answer as R;
}

/**
 * Asks all targets at once and returns the first `needed` answers in the order of their arrival. It fails as soon as
 * that many can no longer arrive.
 *
 * @throws InvalidArgumentError unless `needed` is a whole number of at least 1
 * @throws NoTargetsError
 * @throws TooFewAnswersError
 */
export async function askQuorum<M, R>(
  asker: Asker,
  targets: readonly ActorRef<M>[],
  make: Make<M, R>,
  options: AskOptions<R> & { readonly needed: number },
): Promise<readonly R[]> {
  requireAskOptions(options, 'needed');
  const { needed, ...rest } = options;
  if (!(Number.isSafeInteger(needed) && needed >= 1))
    throw new InvalidArgumentError('needed', 'must be a whole number of at least 1');
  return gather(asker, targets, make, rest, needed, 0);
}

/**
 * Asks one target, and another one (in random order) whenever `intervalMs` passed without an answer or a target failed.
 * Returns the first answer (tail chopping: Dean and Barroso, The Tail at Scale, 2013). The deadline is for all
 * questions together.
 *
 * @throws InvalidArgumentError unless `intervalMs` is above 0
 * @throws NoTargetsError
 * @throws TooFewAnswersError when all failed or the deadline passed
 */
export async function askTailChopping<M, R>(
  asker: Asker,
  targets: readonly ActorRef<M>[],
  make: Make<M, R>,
  options: AskOptions<R> & { readonly intervalMs: number },
): Promise<R> {
  requireAskOptions(options, 'intervalMs');
  const { intervalMs, ...rest } = options;
  if (!(intervalMs > 0)) throw new InvalidArgumentError('intervalMs', 'must be above 0');
  const [answer] = await gather(asker, shuffled(targets, asker.random), make, rest, 1, intervalMs);
  return answer as R;
}

/** Asks another target every `intervalMs`; 0: all at once. */
function gather<M, R>(
  asker: Asker,
  targets: readonly ActorRef<M>[],
  make: Make<M, R>,
  options: AskOptions<R>,
  needed: number,
  intervalMs: number,
): Promise<readonly R[]> {
  if (targets.length === 0) return Promise.reject(new NoTargetsError());
  const { system, clock } = asker;
  const deadlineMs = clock.now() + options.timeoutMs;
  const answers: R[] = [];
  const errors: unknown[] = [];
  let asked = 0;
  let timer: Timer | undefined;
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (end: () => void) => {
      isSettled = true;
      timer?.cancel();
      end();
    };
    const advance = (isTime: boolean) => {
      if (isSettled) return;
      for (let due = isTime; ; due = intervalMs === 0) {
        const state: Gathering = {
          targets: targets.length,
          needed,
          asked,
          answered: answers.length,
          failed: errors.length,
        };
        const step = decideGather(state, due);
        if (step === 'wait') return;
        if (step === 'enough') return settle(() => resolve(answers));
        if (step === 'hopeless')
          return settle(() => reject(new TooFewAnswersError(answers.length, needed, errors)));
        ask(targets[asked++] as ActorRef<M>);
      }
    };
    const ask = (target: ActorRef<M>) => {
      timer?.cancel();
      if (intervalMs > 0) timer = clock.setTimer(intervalMs, () => advance(true));
      const timeoutMs = Math.max(0, deadlineMs - clock.now());
      system.ask(target, make, { ...options, timeoutMs }).then(
        (answer) => {
          if (answers.length < needed) answers.push(answer);
          return advance(false);
        },
        (error: unknown) => {
          errors.push(error);
          // At the deadline all open questions fail together: no further target is asked without time left.
          if (clock.now() >= deadlineMs && !isSettled)
            settle(() => reject(new TooFewAnswersError(answers.length, needed, errors)));
          else advance(false);
        },
      );
    };
    advance(true);
  });
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => [random.next(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item);
}
