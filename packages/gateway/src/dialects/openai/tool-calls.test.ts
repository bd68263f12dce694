import { expect, it } from 'vitest';
import { chatAnswer } from './chat-answer.ts';

interface Call {
  readonly id: string;
  readonly index: number;
  readonly function: { readonly name: string; readonly arguments: string };
}

const head = { status: 200, contentType: 'application/json; charset=utf-8' };
const answerOf = (calls: string, done = false): string =>
  `{"message":{"role":"assistant","content":"","tool_calls":[${calls}]},"done":${done}}`;

function setup(stream: boolean): { call: (...answers: string[]) => readonly Call[] } {
  let fresh = 0;
  const freshId = (): string => `0123456789abcdefghijklm${(fresh++).toString(36)}`;
  const dialect = chatAnswer({ id: 'c', stream, includeUsage: false, nowSeconds: 7, freshId });
  return {
    call: (...answers) => {
      const text = stream
        ? dialect.lines(answers)
        : `data: ${dialect.whole(head, answers[0] ?? '').body}\n\n`;
      return text
        .split('\n\n')
        .filter((frame) => frame.startsWith('data: {'))
        .map((frame) => (JSON.parse(frame.slice(6)) as { choices: Parts[] }).choices[0])
        .flatMap((choice) => (choice?.delta ?? choice?.message)?.tool_calls ?? []);
    },
  };
}

interface Parts {
  readonly delta?: { readonly tool_calls?: readonly Call[] };
  readonly message?: Parts['delta'];
}

it('adds ids and indexes to the calls of a host that sends none, across a whole stream', () => {
  const calls = setup(true).call(
    answerOf('{"function":{"name":"a","arguments":{}}},{"function":{"name":"b","arguments":{}}}'),
    answerOf('{"function":{"name":"c"}}'),
  );
  expect(calls.map(({ index, function: { name } }) => [index, name])).toEqual([
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
  ]);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
  for (const { id } of calls) expect(id).toMatch(/^call_[0-9a-z]{8}$/);
  expect(calls[2]?.function.arguments).toBe('{}');
});

it('continues the indexes of a host that omits only the first one', () => {
  const whole = setup(false).call(
    answerOf('{"function":{"name":"a"}},{"function":{"index":1,"name":"b"}},{"function":{"name":"c"}}', true),
  );
  expect(whole.map(({ index }) => index)).toEqual([0, 1, 2]);
});

it('keeps the ids and indexes that a host sends', () => {
  const calls = setup(true).call(
    answerOf('{"id":"call_x","function":{"index":3,"name":"a","arguments":null}}'),
  );
  expect(calls).toMatchObject([{ id: 'call_x', index: 3, function: { arguments: 'null' } }]);
});

function firstCall(name: string): string {
  return `{"id":"call_${name}","function":{"index":0,"name":"${name}","arguments":{}}}`;
}

it('gives different indexes to the calls of a host that sends 0 for all of them', () => {
  const calls = setup(true).call(answerOf(`${firstCall('a')},${firstCall('b')}`), answerOf(firstCall('c')));
  expect(calls.map(({ id, index }) => [id, index])).toEqual([
    ['call_a', 0],
    ['call_b', 1],
    ['call_c', 2],
  ]);
});
