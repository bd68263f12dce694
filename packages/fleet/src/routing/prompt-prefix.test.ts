import { describe, expect, it } from 'vitest';
import { findPrompt } from './prompt-prefix.ts';
import { routedRequest } from './routed-request.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const promptOf = (json: string): string => text(findPrompt(Buffer.from(json)));

describe('the prompt of a body', () => {
  it('begins at the value of the first field that belongs to the prompt', () => {
    expect(promptOf('{"model":"m","prompt":"hello"}')).toBe('"hello"}');
    expect(promptOf('{ "model" : "m" , "messages" : [{"role":"user"}] }')).toBe('[{"role":"user"}] }');
    expect(promptOf('{"input":["a"],"model":"m"}')).toBe('["a"],"model":"m"}');
    expect(promptOf('{"model":"m","system":"be kind","prompt":"hello"}')).toBe('"be kind","prompt":"hello"}');
  });

  it('is not found inside other values', () => {
    expect(promptOf('{"options":{"prompt":1,"x":[{"a":"}"}]},"prompt":"p"}')).toBe('"p"}');
    expect(promptOf('{"model":"\\"prompt\\":\\\\","prompt":"p"}')).toBe('"p"}');
    expect(promptOf('{"suffix":"prompt","stream":true,"prompt":"p"}')).toBe('"p"}');
  });

  it.each(['', '{}', '{"model":"m"}', 'null', '[', '{"prompt', '{"model":"unclosed', '{"a":[[['])(
    'is empty where there is none: %s',
    (json) => {
      expect(promptOf(json)).toBe('');
    },
  );
});

describe('the prompt prefix of a request', () => {
  it('has at most the given length, and shares the memory of the body', () => {
    const body = Buffer.from('{"model":"m","prompt":"hello"}');
    const request = routedRequest({ model: 'm:latest', tenant: 't', priority: 0 }, body);
    expect(text(request.promptPrefix(3))).toBe('"he');
    expect(text(request.promptPrefix(100))).toBe('"hello"}');
    expect(request.promptPrefix(3).buffer).toBe(body.buffer);
  });
});
