import { describe, expect, it } from 'vitest';
import type { ReceiverOutcome } from '../stream/stream-receiver.ts';
import { evidence } from '../testing/evidence.ts';
import { decideOutcome, type OutcomeDecision, type OutcomeFacts } from './decide-outcome.ts';
import { HeldAnswer } from './host-answer.ts';

function decide(outcome: ReceiverOutcome, facts: Partial<OutcomeFacts> = {}): OutcomeDecision {
  return decideOutcome({
    outcome,
    heldAnswer: undefined,
    cancelled: false,
    headDelivered: false,
    evidence: evidence(),
    ...facts,
  });
}

type FailureCode = Extract<ReceiverOutcome, { kind: 'failed' }>['code'];

const failed = (code: FailureCode): ReceiverOutcome => ({ kind: 'failed', code, message: 'broke' });

function held(status: number, text: string, foreign?: boolean): Partial<OutcomeFacts> {
  const answer = new HeldAnswer({ status, contentType: 'application/json', foreign });
  answer.add([JSON.stringify({ error: text })]);
  return { heldAnswer: answer.finish() };
}

describe('the step after an attempt', () => {
  it('is the end of the call when the answer was delivered in full', () => {
    expect(decide({ kind: 'end' })).toEqual({ kind: 'served' });
  });

  it('passes on an error that concerns the request, without evidence against the host', () => {
    const decision = decide({ kind: 'end' }, held(400, 'invalid format'));
    expect(decision).toMatchObject({ kind: 'refuse', failure: { node: 'host-1', code: 'bad-upstream' } });
    expect(decision.hostFailure).toBeUndefined();
  });

  it('tries another instance after an error of the host or the model, as evidence against it', () => {
    expect(decide({ kind: 'end' }, held(500, 'out of memory'))).toMatchObject({
      kind: 'try-elsewhere',
      hostFailure: { subject: 'model', reason: 'answered 500: out of memory' },
    });
    expect(decide({ kind: 'end' }, held(503, 'busy'))).toMatchObject({
      hostFailure: { subject: 'instance' },
    });
    expect(decide({ kind: 'end' }, held(413, 'too large', true)).hostFailure).toBeUndefined();
  });

  it('tries another instance after a refusal of the node-agent, with its retry time', () => {
    const outcome = {
      kind: 'refused',
      streamId: 's',
      code: 'queue-full',
      message: 'full',
      retryAfterMs: 700,
    } as const;
    expect(decide(outcome)).toEqual({
      kind: 'try-elsewhere',
      suspectNode: false,
      hostFailure: undefined,
      failure: {
        node: 'host-1',
        instance: 'ollama-1',
        simulated: false,
        code: 'queue-full',
        refusal: 'queue-full',
        message: 'full',
        retryAfterMs: 700,
      },
    });
  });

  it('is another instance after a lost connection, but an error once the caller has the head', () => {
    expect(decide(failed('upstream-lost'))).toMatchObject({
      kind: 'try-elsewhere',
      hostFailure: { subject: 'instance' },
    });
    expect(decide(failed('upstream-lost'), { headDelivered: true })).toMatchObject({
      kind: 'fail',
      code: 'host-lost',
      message: 'ollama-1 on host-1: broke',
      retryAfterMs: 1_000,
      ending: { outcome: 'failed', message: 'broke' },
    });
  });

  it('is an error where no other instance could help', () => {
    for (const code of ['deadline', 'reader-too-slow', 'bus-unavailable'] as const)
      expect(decide(failed(code)).kind, code).toBe('fail');
  });

  it('suspects the node of a sender that fell silent', () => {
    expect(decide(failed('host-lost')).suspectNode).toBe(true);
    expect(decide(failed('upstream-lost')).suspectNode).toBe(false);
  });

  it('is the end of a cancelled call, without evidence against the host', () => {
    const decision = decide(failed('upstream-lost'), { cancelled: true });
    expect(decision).toMatchObject({
      kind: 'fail',
      code: 'cancelled',
      message: 'broke',
      retryAfterMs: 0,
      ending: { outcome: 'given-up' },
    });
    expect(decision.hostFailure).toBeUndefined();
  });
});
