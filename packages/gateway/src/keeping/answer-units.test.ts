import { expect, it } from 'vitest';
import { AnswerUnits } from './answer-units.ts';

it('counts lines, whatever the pieces in which they come', () => {
  const units = new AnswerUnits('application/x-ndjson');
  expect(units.take('{"a":1}\n{"b"')).toEqual(['{"a":1}\n']);
  expect(units.take(':2}\n\n')).toEqual(['{"b":2}\n']);
});

it('numbers events, and no comments', () => {
  const units = new AnswerUnits('text/event-stream');
  expect(units.take(': wait\n\ndata: 1\n\n')).toEqual(['id: 1\ndata: 1\n\n']);
  expect(units.take('event: x\ndata: 2\n\ndata: [DONE]\n\n')).toEqual([
    'id: 2\nevent: x\ndata: 2\n\n',
    'id: 3\ndata: [DONE]\n\n',
  ]);
});
