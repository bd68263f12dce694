import { expect, it } from 'vitest';
import { continuedLine } from './continued-lines.ts';

const before = { tokens: 4, spokenForMs: 100 };
const head = { model: 'm', created_at: 't' };
const line = (value: object, route: 'chat' | 'generate' = 'chat'): unknown =>
  JSON.parse(continuedLine(JSON.stringify(value), route, before, 2_000));

it('has the form of the route that was asked', () => {
  const token = { ...head, response: ' "a" \\ }', done: false };
  expect(line(token)).toEqual({ ...head, message: { role: 'assistant', content: ' "a" \\ }' }, done: false });
  expect(line(token, 'generate')).toEqual(token);
});

it('ends with the figures of the whole answer', () => {
  const figures = {
    load_duration: 1,
    prompt_eval_count: 24,
    prompt_eval_duration: 2,
    eval_count: 6,
    eval_duration: 5,
  };
  const last = {
    ...head,
    response: '',
    done: true,
    done_reason: 'stop',
    context: [1],
    total_duration: 9,
    ...figures,
  };
  const whole = {
    done_reason: 'stop',
    total_duration: 2_000_000_000,
    load_duration: 1,
    prompt_eval_count: 20,
    prompt_eval_duration: 2,
    eval_count: 10,
    eval_duration: 100_000_005,
  };
  expect(line(last)).toEqual({ ...head, message: { role: 'assistant', content: '' }, done: true, ...whole });
  expect(line(last, 'generate')).toEqual({ ...head, response: '', done: true, ...whole });
});

it('passes an error on', () => {
  expect(line({ error: 'gone' })).toEqual({ error: 'gone' });
});
