import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { platform } from '../platform/platform.ts';
import { Terminal } from './terminal.ts';

function setup(
  isTTY: boolean,
  environment: NodeJS.ProcessEnv = {},
  rows = 0,
): { terminal: Terminal; written: () => string } {
  let written = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString();
      done();
    },
  });
  const terminal = new Terminal(Object.assign(stream, { isTTY, columns: 20, rows }), environment);
  return { terminal, written: () => written };
}

it('writes no control codes and no block into a pipe', () => {
  const { terminal, written } = setup(false);
  terminal.block(['status']);
  terminal.line(terminal.style('red', 'text'));
  expect(written()).toBe('text\n');
});

it('leaves colour out when NO_COLOR is set', () => {
  expect(setup(true).terminal.style('red', 'text')).not.toBe('text');
  expect(setup(true, { NO_COLOR: '1' }).terminal.style('red', 'text')).toBe('text');
});

it('writes lines above the block and redraws it', () => {
  const { terminal, written } = setup(true, { NO_COLOR: '1' });
  terminal.block(['one', 'two']);
  terminal.line('news');
  expect(written()).toBe('one\ntwo\n\u001B[2A\u001B[0Jnews\none\ntwo\n');
});

it('cuts block lines at the width of the terminal with a mark, so that they stay one line each', () => {
  const { terminal, written } = setup(true, { LANG: 'C.UTF-8' });
  terminal.block([terminal.style('red', 'x'.repeat(30)), 'y'.repeat(19)]);
  expect(written()).toBe(`\u001B[31m${'x'.repeat(18)}…\u001B[0m\n${'y'.repeat(19)}\n`);
});

it('marks cut text in ASCII on a terminal without UTF-8', () => {
  const { terminal, written } = setup(true, { LANG: 'C', NO_COLOR: '1' });
  terminal.block(['x'.repeat(20)]);
  expect(written()).toBe(platform.hasUtf8Terminals ? `${'x'.repeat(18)}…\n` : `${'x'.repeat(16)}...\n`);
});

it('cuts across colours', () => {
  const { terminal, written } = setup(true, { LANG: 'C.UTF-8' });
  terminal.block([`${'a'.repeat(18)}${terminal.style('red', 'bb')}${'c'.repeat(5)}`]);
  expect(written()).toBe(`${'a'.repeat(18)}\u001B[31m…\u001B[0m\n`);
});

it('draws boxes only on a terminal that reads UTF-8', () => {
  expect(setup(true, { LANG: 'de_DE.UTF-8' }).terminal.drawsBoxes).toBe(true);
  expect(setup(true, { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }).terminal.drawsBoxes).toBe(false);
  expect(setup(true).terminal.drawsBoxes).toBe(platform.hasUtf8Terminals);
  expect(setup(false, { LANG: 'C.UTF-8' }).terminal.drawsBoxes).toBe(false);
});

it('keeps a block within the height of the terminal, since what scrolled away cannot be redrawn', () => {
  const { terminal, written } = setup(true, { NO_COLOR: '1' }, 4);
  terminal.block(['one', 'two', 'three', 'four', 'five']);
  expect(written()).toBe('one\ntwo\n(3 more lines)\n');
});
