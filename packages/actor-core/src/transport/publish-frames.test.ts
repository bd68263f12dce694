import { expect, it } from 'vitest';
import { headerBlock, headerLine } from './header-block.ts';
import { PublishFrames } from './publish-frames.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function setup() {
  const sent: string[] = [];
  const frames = new PublishFrames((bytes) => sent.push(Buffer.from(bytes).toString()));
  return { frames, sent };
}

it('sends what was added since the last time together, as the protocol has it', () => {
  const { frames, sent } = setup();
  const headers = headerBlock(headerLine('A', 1));
  expect(headers).toBe('NATS/1.0\r\nA: 1\r\n\r\n');
  frames.add('s.a', '', headers, bytesOf('xy'));
  frames.add('s.b', '_I.r', headers, new Uint8Array(0));
  expect(sent).toEqual([]);
  frames.flush();
  expect(sent).toEqual([`HPUB s.a 18 20\r\n${headers}xy\r\nHPUB s.b _I.r 18 18\r\n${headers}\r\n`]);
  frames.flush();
  expect(sent).toHaveLength(1);
});

it('counts the bytes of headers, and not their characters', () => {
  const { frames, sent } = setup();
  frames.add('s', '', headerBlock(headerLine('A', 'ä€')), bytesOf('x'));
  frames.flush();
  expect(sent).toEqual(['HPUB s 22 23\r\nNATS/1.0\r\nA: ä€\r\n\r\nx\r\n']);
});

it('never changes what it has sent, and takes messages of any size', () => {
  const views: { readonly view: Uint8Array; readonly copy: Uint8Array }[] = [];
  const frames = new PublishFrames((view) => views.push({ view, copy: view.slice() }));
  const headers = headerBlock('');
  let bytes = 0;
  for (const size of [10, 60_000, 10_000, 300_000, 5, 64_000, 64_000]) {
    frames.add('s', '', headers, new Uint8Array(size).fill(size % 251));
    if (size === 10) frames.flush();
    bytes += `HPUB s 12 ${size + 12}\r\n`.length + 12 + size + 2;
  }
  frames.flush();
  for (const { view, copy } of views) expect(view).toEqual(copy);
  expect(views.reduce((sum, { view }) => sum + view.length, 0)).toBe(bytes);
});

it('forgets what was not sent when the connection is lost', () => {
  const { frames, sent } = setup();
  frames.add('s', '', headerBlock(''), bytesOf('x'));
  frames.clear();
  expect(frames.isEmpty).toBe(true);
  frames.flush();
  expect(sent).toEqual([]);
});
