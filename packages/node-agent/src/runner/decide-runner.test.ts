import type { RunnerOptions } from '@drover/fleet';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalOptions } from './canonical-options.ts';
import { decideRunner, describeChanges, type RunnerFacts } from './decide-runner.ts';

const decide = (facts: Partial<RunnerFacts>): RunnerOptions =>
  decideRunner({
    policy: 'normalise',
    asked: {},
    canonical: {},
    runner: undefined,
    automaticContext: undefined,
    ...facts,
  });
const loaded = (num_ctx: number | undefined, contextLength = num_ctx) => ({
  options: num_ctx === undefined ? {} : { num_ctx },
  contextLength,
});

describe('the runner options of a request', () => {
  it('are those of the owner, and of the request only the context', () => {
    const asked = { num_ctx: 2048, num_gpu: 0, use_mmap: false };
    expect(decide({ asked })).toEqual({ num_ctx: 2048 });
    expect(decide({ asked, canonical: { num_gpu: 99 } })).toEqual({ num_ctx: 2048, num_gpu: 99 });
    expect(decide({ asked, canonical: { num_ctx: 1024 } })).toEqual({ num_ctx: 1024 });
    expect(decide({ canonical: { num_ctx: 1024 } })).toEqual({ num_ctx: 1024 });
  });

  it('keep a runner that has a larger context', () => {
    expect(decide({ asked: { num_ctx: 2048 }, runner: loaded(8192) })).toEqual({ num_ctx: 8192 });
    expect(decide({ asked: { num_ctx: 2048 }, runner: loaded(undefined, 4096) })).toEqual({});
    expect(decide({ runner: loaded(8192), automaticContext: 4096 })).toEqual({ num_ctx: 8192 });
  });

  it('let the context grow, also to the automatic one as long as that is not known', () => {
    expect(decide({ asked: { num_ctx: 8192 }, runner: loaded(2048) })).toEqual({ num_ctx: 8192 });
    expect(decide({ runner: loaded(2048) })).toEqual({});
    expect(decide({ runner: loaded(2048), automaticContext: 4096 })).toEqual({});
    expect(decide({ asked: { num_ctx: 0 }, runner: loaded(2048), automaticContext: 4096 })).toEqual({});
  });

  it('are those of the request with the policy honour', () => {
    const canonical = { num_ctx: 1024, num_gpu: 99 };
    const asked = { num_ctx: 2048, num_thread: 4 };
    expect(decide({ policy: 'honour', asked, canonical, runner: loaded(8192) })).toEqual({
      num_ctx: 2048,
      num_gpu: 99,
      num_thread: 4,
    });
  });

  it('load a model once for each larger context, whatever order requests come in', () => {
    const contexts = fc.array(fc.option(fc.constantFrom(512, 2048, 4096, 8192), { nil: undefined }));
    fc.assert(
      fc.property(contexts, (asked) => {
        const automatic = 4096;
        let runner: RunnerFacts['runner'];
        let automaticContext: number | undefined;
        let loads = 0;
        for (const num_ctx of asked) {
          const used = decide({ asked: num_ctx === undefined ? {} : { num_ctx }, runner, automaticContext });
          const context = used.num_ctx ?? automatic;
          if (runner?.contextLength !== context) loads += 1;
          runner = { options: used, contextLength: context };
          if (used.num_ctx === undefined) automaticContext = automatic;
          expect(context).toBeGreaterThanOrEqual(num_ctx ?? automatic);
        }
        expect(loads).toBeLessThanOrEqual(5);
      }),
    );
  });
});

it('describes what was changed', () => {
  expect(describeChanges({ num_ctx: 1 }, { num_ctx: 1 })).toBeUndefined();
  expect(describeChanges({ num_ctx: 1, num_gpu: 0 }, { num_ctx: 2, use_mmap: true })).toBe(
    'num_ctx=2 (asked 1), num_gpu=unset (asked 0), use_mmap=true (asked unset)',
  );
});

describe('the options that the owner states', () => {
  it('are those of the model, before those of each model', () => {
    const options = new CanonicalOptions([
      '*=num_gpu:99',
      'Llama3.2=num_ctx:8192',
      'llama3.2:latest=use_mmap:false',
    ]);
    expect(options.of('llama3.2')).toEqual({ num_gpu: 99, num_ctx: 8192, use_mmap: false });
    expect(options.of('other:1b')).toEqual({ num_gpu: 99 });
  });

  it.each([
    ['llama3.2', /MODEL=OPTION:VALUE.*"llama3.2"/],
    ['m=temperature:1', /num_ctx.*"m=temperature:1"/],
    ['m=num_ctx:many', /num_ctx must be a whole number.*"many"/],
    ['m=use_mmap:1', /use_mmap must be true or false/],
  ])('refuse %s', (entry, text) => {
    expect(() => new CanonicalOptions([entry])).toThrow(text);
  });
});
