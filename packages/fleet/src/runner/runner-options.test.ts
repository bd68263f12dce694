import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readRunnerOptions,
  type RunnerOptions,
  runnerOptionNames,
  withRunnerOptions,
} from './runner-options.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const read = (text: string): RunnerOptions => readRunnerOptions(bytes(text));
const edit = (text: string, wanted: RunnerOptions): string =>
  Buffer.from(withRunnerOptions(bytes(text), wanted)).toString();

const others = (all: Record<string, unknown> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !runnerOptionNames.some((own) => own === name)));

describe('the runner options of a request', () => {
  it('are those in the last object `options`, in any case of that name', () => {
    expect(read('{"model":"m","options":{"num_ctx":8192,"temperature":0,"use_mmap":false}}')).toEqual({
      num_ctx: 8192,
      use_mmap: false,
    });
    expect(read('{"options":{"num_ctx":1},"Options":{"num_gpu":-1}}')).toEqual({ num_gpu: -1 });
    expect(read('{"options":{"num_ctx":1,"num_ctx":2}}')).toEqual({ num_ctx: 2 });
  });

  it('are none where a value is null or of another type, or the text is not in `options`', () => {
    expect(read('{"options":{"num_ctx":null,"num_gpu":"all","use_mmap":1}}')).toEqual({});
    expect(read('{"prompt":"say \\"num_ctx\\": 5","options":{"stop":["\\"num_ctx\\":7"]}}')).toEqual({});
    expect(read('{"num_ctx":4096}')).toEqual({});
  });

  it.each(['', '{', '[]', 'null', '{"options":{"num_ctx"', '{"options":[{"num_ctx":1}]}'])(
    'are none in %j',
    (text) => {
      expect(read(text)).toEqual({});
    },
  );
});

describe('a request with other runner options', () => {
  it('differs in nothing else, down to the spelling', () => {
    const text =
      '{ "model":"m", "options" : { "temperature": 1.0e0, "num_ctx": 1024 , "seed":1 }, "x":"é\\u0041" }';
    expect(edit(text, { num_ctx: 2048 })).toBe(
      '{ "model":"m", "options" : {"temperature": 1.0e0,"seed":1 ,"num_ctx":2048}, "x":"é\\u0041" }',
    );
    expect(edit(text, {})).toBe(
      '{ "model":"m", "options" : {"temperature": 1.0e0,"seed":1 }, "x":"é\\u0041" }',
    );
  });

  it('gets the field `options` if it has none', () => {
    expect(edit('{"model":"m"}', { num_ctx: 1, use_mmap: true })).toBe(
      '{"options":{"num_ctx":1,"use_mmap":true},"model":"m"}',
    );
    expect(edit('{}', { num_gpu: 0 })).toBe('{"options":{"num_gpu":0}}');
    expect(edit('{"options":{}}', { num_gpu: 0 })).toBe('{"options":{"num_gpu":0}}');
  });

  it('is the same object if nothing has to change', () => {
    const body = bytes('{"options":{"num_ctx":5}}');
    expect(withRunnerOptions(body, { num_ctx: 5 })).toBe(body);
  });

  it('has these options, and all other fields as before', () => {
    const options = fc.dictionary(
      fc.oneof(fc.constantFrom(...runnerOptionNames), fc.string({ unit: 'binary' })),
      fc.oneof(
        fc.integer(),
        fc.boolean(),
        fc.string({ unit: 'binary' }),
        fc.constant(null),
        fc.array(fc.integer()),
      ),
    );
    const request = fc.record({ model: fc.string(), options }, { requiredKeys: ['model'] });
    const wanted = fc.record({ num_ctx: fc.nat(), num_gpu: fc.integer() }, { requiredKeys: [] });
    fc.assert(
      fc.property(request, wanted, fc.constantFrom(undefined, 2), (asked, change, space) => {
        const edited = JSON.parse(edit(JSON.stringify(asked, undefined, space), change)) as typeof asked;
        expect(read(JSON.stringify(edited))).toEqual(change);
        expect(others(edited.options)).toEqual(others(asked.options));
        expect({ ...edited, options: 0 }).toEqual({ ...asked, options: 0 });
      }),
    );
  });
});
