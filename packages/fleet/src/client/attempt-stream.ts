import type { Clock } from '@drover/actor-core';
import {
  decideReceive,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverOutcome,
} from '../stream/stream-receiver.ts';
import type { Attempt } from './attempt.ts';
import type { CallAnswer } from './call-answer.ts';
import type { SessionShared } from './call-record.ts';

/** Calls of an attempt's stream to its session. */
export interface AttemptStreamOwner {
  /** The stream ended. */
  finished(attempt: Attempt, outcome: ReceiverOutcome): void;
  /** The long lines of all calls together exceed `maxPartialUnits`. */
  overflowed(attempt: Attempt, message: string): void;
}

const control = { lane: 'control' } as const;
/** Credit is given long before it is needed. */
const patientControl = { lane: 'control', mayWait: true } as const;

/** The receiving end of a call's attempts: hands events to `decideReceive` and performs its effects. */
export class AttemptStream {
  readonly #shared: Pick<SessionShared, 'partial' | 'config'>;
  readonly #answer: CallAnswer;
  readonly #clock: Clock;
  readonly #owner: AttemptStreamOwner;

  constructor(
    shared: Pick<SessionShared, 'partial' | 'config'>,
    answer: CallAnswer,
    clock: Clock,
    owner: AttemptStreamOwner,
  ) {
    this.#shared = shared;
    this.#answer = answer;
    this.#clock = clock;
    this.#owner = owner;
  }

  receive(attempt: Attempt, event: ReceiverEvent): void {
    for (const effect of decideReceive(attempt.receiver, event, this.#clock.now()))
      this.#perform(attempt, effect);
    if (!attempt.ended && attempt.receiver.pieceUnits !== attempt.partialUnits) this.#countPartial(attempt);
  }

  /**
   * Counts the pieces of a long line against a bound that all calls share: the reader gets no part of a line before the
   * line is complete, so its back pressure cannot limit them.
   */
  #countPartial(attempt: Attempt): void {
    const { partial, config } = this.#shared;
    partial.units += attempt.receiver.pieceUnits - attempt.partialUnits;
    attempt.partialUnits = attempt.receiver.pieceUnits;
    if (partial.units <= config.maxPartialUnits) return;
    const message = `long lines hold ${partial.units} units here, maxPartialUnits is ${config.maxPartialUnits}`;
    this.#owner.overflowed(attempt, message);
  }

  #perform(attempt: Attempt, effect: ReceiverEffect): void {
    const { streamId, stream } = attempt;
    switch (effect.kind) {
      case 'head':
        attempt.head = effect;
        break;
      case 'deliver':
        if (this.#answer.deliver(attempt, effect.lines, effect.count))
          this.receive(attempt, { kind: 'consumed', count: effect.count });
        break;
      case 'grant':
        stream.tell(
          { kind: 'grant', streamId, through: effect.through, received: effect.received },
          patientControl,
        );
        break;
      case 'resume':
        stream.tell({ kind: 'resume', streamId, from: effect.from }, control);
        break;
      case 'cancel':
        stream.tell({ kind: 'cancel', streamId, reason: effect.reason }, control);
        break;
      case 'finished':
        this.#owner.finished(attempt, effect.outcome);
        break;
    }
  }
}
