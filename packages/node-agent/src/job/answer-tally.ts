import { type AnswerMeasures, type Lesson, readMeasures } from '../silence/learnt-speeds.ts';
import type { RequestShape } from '../silence/request-shape.ts';
import type { AnswerStep } from './answer-reader.ts';
import { hostRefusal } from './host-refusal.ts';
import type { HostRefusal } from './job-message.ts';

/** Totals of an answer, for the outcome of its job. */
export class AnswerTally {
  #lines = 0;
  #refusal: HostRefusal | undefined;
  #measures: AnswerMeasures | undefined;

  get lines(): number {
    return this.#lines;
  }

  /** Ollama's own figures; undefined for an answer without them. */
  get measures(): AnswerMeasures | undefined {
    return this.#measures;
  }

  get refusal(): HostRefusal | undefined {
    return this.#refusal;
  }

  /** @param isLast the step contains the last line of the answer */
  take({ head, lines }: AnswerStep, isLast: boolean): void {
    if (head !== undefined) this.#refusal = hostRefusal(head.status, lines[0] ?? '', head.foreign === true);
    this.#lines += lines.length;
    if (isLast && lines.length > 0) this.#measures = readMeasures(lines.at(-1) ?? '');
  }

  /** Undefined for an answer without speed figures. */
  lesson({ bytes: bodyBytes, hasImages }: RequestShape): Lesson | undefined {
    return this.#measures === undefined ? undefined : { bodyBytes, hasImages, measures: this.#measures };
  }
}
