import type { MessageLane } from './actor-ref.ts';
import { BaseRef } from './base-ref.ts';
import type { Question } from './envelope.ts';

/** A ref that finds the receiver of each message itself, such as the ref of an entity that may move. */
export abstract class RoutedRef extends BaseRef {
  /** Sends a question. The asker learns at once when it is not delivered. */
  abstract sendQuestion(
    message: unknown,
    lane: MessageLane | undefined,
    ask: Question,
    trace: string | undefined,
  ): void;
}
