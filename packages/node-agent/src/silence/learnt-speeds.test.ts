import { describe, expect, it } from 'vitest';
import { assumedSpeed, type AnswerMeasures, LearntSpeeds, readMeasures } from './learnt-speeds.ts';

const lesson = (bodyBytes: number, measures: Partial<AnswerMeasures>, hasImages = false) => ({
  bodyBytes,
  hasImages,
  measures: { promptTokens: 0, promptMs: 0, answerTokens: 0, answerMs: 0, ...measures },
});
const slow = { promptTokens: 500, promptMs: 11_000, answerTokens: 50, answerMs: 10_000 };
const request = { bytes: 2_000, hasImages: false };

describe('the time a prompt takes', () => {
  it('is assumed to be long before two answers were measured', () => {
    const speeds = new LearntSpeeds();
    const assumed = { tokens: 1_000, tokensPerSecond: assumedSpeed, learnt: false };
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY)).toEqual(assumed);
    speeds.learn('m', lesson(2_000, slow));
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY).learnt).toBe(false);
    speeds.learn('m', lesson(2_000, slow));
    const learnt = speeds.prompt('m', request, Number.POSITIVE_INFINITY);
    expect(learnt).toMatchObject({ tokens: 500, learnt: true });
    expect(learnt.tokensPerSecond).toBeCloseTo(45.5, 1);
    expect(speeds.prompt('other', request, Number.POSITIVE_INFINITY)).toEqual(assumed);
  });

  it('uses the slowest answer, not answers whose prompt came from the cache', () => {
    const speeds = new LearntSpeeds();
    for (let i = 0; i < 2; i++) speeds.learn('m', lesson(2_000, slow));
    for (let i = 0; i < 50; i++) speeds.learn('m', lesson(2_000, { ...slow, promptMs: 20 }));
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY).tokensPerSecond).toBeCloseTo(45.5, 1);
  });

  it('is assumed again for a request much larger than those that were measured', () => {
    const speeds = new LearntSpeeds();
    for (let i = 0; i < 5; i++) speeds.learn('m', lesson(100, { ...slow, promptTokens: 20, promptMs: 100 }));
    expect(speeds.prompt('m', { bytes: 200, hasImages: false }, Number.POSITIVE_INFINITY).learnt).toBe(true);
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY).learnt).toBe(false);
  });

  it('is not learnt from images, nor known for them', () => {
    const speeds = new LearntSpeeds();
    for (let i = 0; i < 5; i++) speeds.learn('m', lesson(900_000, slow, true));
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY).learnt).toBe(false);
    for (let i = 0; i < 5; i++) speeds.learn('m', lesson(900_000, slow));
    expect(speeds.prompt('m', { ...request, hasImages: true }, Number.POSITIVE_INFINITY).learnt).toBe(false);
  });

  it('is limited by the context, which cuts the prompt', () => {
    expect(new LearntSpeeds().prompt('m', { bytes: 1e6, hasImages: false }, 4_096).tokens).toBe(4_096);
  });

  it('is slower than assumed when one answer was slower', () => {
    const speeds = new LearntSpeeds();
    speeds.learn(
      'm',
      lesson(100, { promptTokens: 20, promptMs: 20_000, answerTokens: 20, answerMs: 20_000 }),
    );
    expect(speeds.prompt('m', request, Number.POSITIVE_INFINITY)).toMatchObject({
      tokensPerSecond: 1,
      learnt: false,
    });
  });
});

describe('the time an answer takes', () => {
  it('uses num_predict, else the context, and the slowest observed speed', () => {
    const speeds = new LearntSpeeds();
    expect(speeds.answer('m', undefined, 8_192)).toEqual({
      tokens: 8_192,
      tokensPerSecond: assumedSpeed,
      learnt: false,
    });
    speeds.learn('m', lesson(2_000, slow));
    speeds.learn('m', lesson(2_000, { ...slow, answerMs: 1_000 }));
    expect(speeds.answer('m', 300, 8_192)).toEqual({ tokens: 300, tokensPerSecond: 5, learnt: true });
    expect(speeds.answer('m', undefined, Number.POSITIVE_INFINITY).tokens).toBe(4_096);
  });
});

describe('readMeasures', () => {
  it('reads the end of a stream', () => {
    const line =
      '{"done":true,"total_duration":9000000000,"load_duration":1000000000,"prompt_eval_count":26,"prompt_eval_duration":130000000,"eval_count":259,"eval_duration":4232000000}';
    expect(readMeasures(line)).toEqual({
      promptTokens: 26,
      promptMs: 130,
      answerTokens: 259,
      answerMs: 4_232,
    });
  });

  it('takes the whole time of an embedding without its load', () => {
    const line =
      '{"embeddings":[[0.1]],"total_duration":3000000000,"load_duration":1000000000,"prompt_eval_count":800}';
    expect(readMeasures(line)).toMatchObject({ promptTokens: 800, promptMs: 2_000 });
  });

  it.each(['{"done":true}', '{"error":"x"}', '{"eval_count"'])('finds nothing in %s', (line) => {
    expect(readMeasures(line)).toBeUndefined();
  });
});
