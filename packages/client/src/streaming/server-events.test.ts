import { expect, it } from 'vitest';
import { type ServerEvent, serverEvents } from './server-events.ts';

async function* lines(...all: string[]): AsyncGenerator<string, void> {
  yield* all;
}

async function read(...all: string[]): Promise<ServerEvent[]> {
  const events = [];
  for await (const event of serverEvents(lines(...all))) events.push(event);
  return events;
}

it('puts fields together and keeps the last id', async () => {
  expect(
    await read('id: 7', '', ': comment', 'event: token', 'data: {"a":', 'data: 1}', '', 'data:x', ''),
  ).toEqual([
    { id: '7', event: 'message', data: '' },
    { id: '7', event: 'token', data: '{"a":\n1}' },
    { id: '7', event: 'message', data: 'x' },
  ]);
});

it('drops an event that was cut, and fields that it does not know', async () => {
  expect(await read('retry: 5', '', 'data: half')).toEqual([]);
});
