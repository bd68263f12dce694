import { FleetError, type FleetCall, type FleetHead, type FleetRequest } from '@drover/fleet';
import type { ModelName } from '../model/model-name.ts';
import { readWholeAnswer } from './whole-answer.ts';

/** The fleet's answer to a request. */
export interface FleetAnswer {
  readonly head: FleetHead;
  readonly call: FleetCall;
  /** The rest of the answer, if it had to be read to decide about it. */
  readonly body?: string;
  /** The model that was asked. */
  readonly target: ModelName;
}

export interface Question {
  /** Tried in this order, until one of them can serve. */
  readonly targets: readonly [ModelName, ...ModelName[]];
  /** The request for a model. */
  readonly requestFor: (target: ModelName) => Promise<FleetRequest> | FleetRequest;
  /** The request to send after a host refused `requestFor(target)` with this answer; asked once for each target. */
  readonly amend?:
    | ((target: ModelName, status: number, answer: string) => FleetRequest | undefined)
    | undefined;
  readonly run: (request: FleetRequest) => FleetCall;
  readonly maxAnswerBytes: number;
}

/**
 * Asks one model after the other until one can serve: the answer of the first, or of the last if none can.
 *
 * @throws FleetError of the last one
 */
export async function askFleet(question: Question): Promise<FleetAnswer> {
  const [first, ...others] = question.targets;
  let target = first;
  for (const next of others) {
    try {
      const answer = await ask(question, target);
      if (!mayServeElsewhere(answer.head.status)) return answer;
      await discard(answer);
    } catch (error) {
      if (!isUnserved(error)) throw error;
    }
    target = next;
  }
  return await ask(question, target);
}

async function ask(question: Question, target: ModelName): Promise<FleetAnswer> {
  const call = question.run(await question.requestFor(target));
  const head = await call.head;
  if (head.status !== 400 || question.amend === undefined) return { head, call, target };
  const body = await readWholeAnswer(call, question.maxAnswerBytes, () => undefined);
  const amended = question.amend(target, head.status, body);
  if (amended === undefined) return { head, call, body, target };
  const second = question.run(amended);
  return { head: await second.head, call: second, target };
}

/** Whether another model may serve what was answered with this status: the model, not the request, was the reason. */
function mayServeElsewhere(status: number): boolean {
  return status === 404 || status === 429 || status >= 500;
}

function isUnserved(error: unknown): boolean {
  return error instanceof FleetError && unserved.has(error.code);
}

/** Failures before the first byte that say nothing about other models. */
const unserved: ReadonlySet<string> = new Set([
  'model-not-found',
  'no-host',
  'queue-full',
  'host-lost',
  'stalled',
  'bad-upstream',
]);

async function discard({ call, body }: FleetAnswer): Promise<void> {
  if (body !== undefined) return;
  for await (const lines of call.lines) void lines;
}
