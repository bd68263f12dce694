import { describe, expect, it } from 'vitest';
import { BodyAssembly } from './body-assembly.ts';

const part = (text: string) => Buffer.from(text);

describe('BodyAssembly', () => {
  it('assembles the parts in order and ignores a repeated one', () => {
    const assembly = new BodyAssembly(6);
    expect(assembly.add(0, false, part('abc'))).toEqual({ kind: 'more' });
    expect(assembly.add(0, false, part('abc'))).toEqual({ kind: 'more' });
    expect(assembly.add(1, true, part('def'))).toEqual({ kind: 'complete', body: part('abcdef') });
  });

  it('names the lost part', () => {
    expect(new BodyAssembly(6).add(1, true, part('def'))).toMatchObject({
      kind: 'bad',
      message: expect.stringContaining('part 0'),
    });
  });

  it('refuses a body that is larger or smaller than announced', () => {
    expect(new BodyAssembly(2).add(0, false, part('abc'))).toMatchObject({ kind: 'bad' });
    expect(new BodyAssembly(4).add(0, true, part('abc'))).toMatchObject({ kind: 'bad' });
  });
});
