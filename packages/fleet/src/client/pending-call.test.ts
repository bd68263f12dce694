import { describe, expect, it } from 'vitest';
import { FleetError } from '../errors.ts';
import { PendingCall } from './pending-call.ts';

function setup() {
  const seen: string[] = [];
  const call = new PendingCall({
    consumed: (count) => seen.push(`consumed ${count}`),
    cancel: (reason) => seen.push(`cancel: ${reason}`),
    ended: () => seen.push('ended'),
  });
  const error = new FleetError('host-lost', 'the host is silent', {
    requestId: 'r',
    model: 'm',
    node: undefined,
    retryAfterMs: 0,
  });
  return { call, seen, error };
}

describe('forEachBatch', () => {
  it('passes on lines at once while the reader waits for none, and says that they are consumed', async () => {
    const { call, seen } = setup();
    const got: string[] = [];
    const read = call.forEachBatch((lines) => void got.push(...lines));
    expect(call.push(['a', 'b'], 2)).toBe(true);
    expect(got).toEqual(['a', 'b']);
    call.finish();
    await read;
    expect(seen).toEqual(['ended']);
  });

  it('begins with the lines that came before it', async () => {
    const { call, seen } = setup();
    expect(call.push(['a'], 1)).toBe(false);
    call.finish();
    const got: string[] = [];
    await call.forEachBatch((lines) => void got.push(...lines));
    expect(got).toEqual(['a']);
    expect(seen).toEqual(['ended']);
  });

  it('keeps lines back while the reader is busy, without credit for them', async () => {
    const { call, seen } = setup();
    const busy = Promise.withResolvers<void>();
    const got: string[] = [];
    const read = call.forEachBatch((lines) => {
      got.push(...lines);
      return lines[0] === 'a' ? busy.promise : undefined;
    });
    expect(call.push(['a'], 1)).toBe(true);
    expect(call.push(['b'], 1)).toBe(false);
    expect(call.push(['c'], 1)).toBe(false);
    expect(got).toEqual(['a']);
    busy.resolve();
    await Promise.resolve();
    expect(got).toEqual(['a', 'b', 'c']);
    expect(seen).toEqual(['consumed 1', 'consumed 1']);
    call.finish();
    await read;
  });

  it('throws the error of the call after the lines before it', async () => {
    const { call, error } = setup();
    const busy = Promise.withResolvers<void>();
    const got: string[] = [];
    const read = call.forEachBatch((lines) => {
      got.push(...lines);
      return busy.promise;
    });
    call.push(['a'], 1);
    call.push(['b'], 1);
    call.finish(error);
    busy.resolve();
    await expect(read).rejects.toBe(error);
    expect(got).toEqual(['a', 'b']);
  });

  it('cancels the call and throws what the reader threw, at once or later', async () => {
    for (const fail of [() => Promise.reject(new Error('broken')), () => thrown('broken')]) {
      const { call, seen } = setup();
      const read = call.forEachBatch(fail);
      call.push(['a'], 1);
      await expect(read).rejects.toThrow('broken');
      expect(seen).toEqual(['cancel: the reader left']);
      expect(call.push(['b'], 1)).toBe(false);
    }
  });

  it('may be read once', async () => {
    const { call } = setup();
    void call.forEachBatch(() => undefined);
    expect(() => call.forEachBatch(() => undefined)).toThrow('once');
    expect(() => call.lines[Symbol.asyncIterator]()).toThrow('once');
  });
});

function thrown(message: string): never {
  throw new Error(message);
}
