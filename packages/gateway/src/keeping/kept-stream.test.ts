import { expect, it } from 'vitest';
import { KeptStream } from './kept-stream.ts';

async function all(parts: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const part of parts) text += part;
  return text;
}

function lines(count: number, length = 1): KeptStream {
  const stream = new KeptStream();
  stream.setHeader('X-Drover-Node', 'a');
  stream.begin(200, 'application/x-ndjson');
  for (let line = 1; line <= count; line += 1) stream.add(`${String(line).padEnd(length, '.')}\n`);
  return stream;
}

it('gives every reader what follows the lines that it has, also those that come later', async () => {
  const stream = lines(3);
  const [early, late] = [all(stream.read(0)), all(stream.read(2))];
  stream.add('4\n');
  stream.end();
  expect(await early).toBe('1\n2\n3\n4\n');
  expect(await late).toBe('3\n4\n');
  expect(await all(stream.read(4))).toBe('');
  expect(await stream.head()).toEqual({
    status: 200,
    contentType: 'application/x-ndjson',
    headers: { 'x-drover-node': 'a' },
    isWhole: false,
  });
});

it('drops the oldest lines of a long answer, and does not pretend to have them', () => {
  const stream = lines(60, 100_000);
  expect(stream.has(0)).toBe(false);
  expect(stream.has(59)).toBe(true);
  expect(stream.has(61)).toBe(false);
});

it('ends without a head where nothing was answered', async () => {
  const stream = new KeptStream();
  const head = stream.head();
  stream.end();
  expect(await head).toBeUndefined();
});
