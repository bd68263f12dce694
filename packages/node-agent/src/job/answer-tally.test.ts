import { expect, it } from 'vitest';
import { readShape } from '../silence/request-shape.ts';
import { AnswerTally } from './answer-tally.ts';
import type { AnswerStep } from './answer-reader.ts';

const shape = readShape('generate', Buffer.from('{"prompt":"x"}'));
const step = (...lines: string[]): AnswerStep => ({ head: undefined, lines, moved: true, finish: undefined });
const last =
  '{"done":true,"prompt_eval_count":20,"prompt_eval_duration":400000000,"eval_count":30,"eval_duration":600000000}';

it('learns from the last line, although the connection ends later', () => {
  const tally = new AnswerTally();
  tally.take(step('{"response":"a"}'), false);
  tally.take(step('{"response":"b"}', last), true);
  tally.take(step(), true);
  expect(tally.lines).toBe(3);
  expect(tally.lesson(shape)).toEqual({
    bodyBytes: 14,
    hasImages: false,
    measures: { promptTokens: 20, promptMs: 400, answerTokens: 30, answerMs: 600 },
  });
});

it('learns nothing from an incomplete answer', () => {
  const tally = new AnswerTally();
  tally.take(step('{"response":"a"}'), false);
  expect(tally.lesson(shape)).toBeUndefined();
});
