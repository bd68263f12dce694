import { describe, expect, it } from 'vitest';
import { decideSilence, type SilenceEvidence, type SilenceVerdict } from './decide-silence.ts';

const minute = 60_000;

/** A prompt of 40 tokens on a loaded model of unknown speed, without other requests, on another machine. */
const base: SilenceEvidence = {
  silentMs: 10_000,
  answered: false,
  prompt: { tokens: 40, tokensPerSecond: 5, learnt: false },
  held: undefined,
  listed: 'loaded',
  listedForMs: Number.POSITIVE_INFINITY,
  othersMovedMs: Number.POSITIVE_INFINITY,
  runnerStillMs: undefined,
  leftBefore: false,
  othersInside: 0,
  healedBefore: false,
  maxSilenceMs: 30 * minute,
};

const known = { tokens: 1_200, tokensPerSecond: 45, learnt: true };
const toolCall = { why: 'tools are offered', tokens: 4_096, tokensPerSecond: 20, learnt: true };

type Row = [string, Partial<SilenceEvidence>, SilenceVerdict['state'], SilenceVerdict['cure'], string];

const rows: Row[] = [
  ['a short silence', {}, 'working', 'none', 'about 40 tokens at 5 a second, assumed'],
  [
    '60 s of prefill after a disconnect, at an unknown speed',
    { silentMs: minute, leftBefore: true },
    'working',
    'none',
    'may still be read',
  ],
  [
    'a long prompt at a learnt speed, after a disconnect',
    { silentMs: 2 * minute, leftBefore: true, prompt: known },
    'working',
    'none',
    '1200 tokens at 45 a second',
  ],
  [
    'a silence far too long for a short prompt, after a disconnect',
    { silentMs: 90_000, leftBefore: true },
    'stuck',
    'unload',
    'after a request on this model was left',
  ],
  [
    'a silence too long for the learnt speed, after a disconnect',
    { silentMs: 22_000, leftBefore: true, prompt: { ...known, tokens: 20 } },
    'stuck',
    'unload',
    'longer than the request explains (22 s)',
  ],
  [
    'a silence far too long for a short prompt, without a disconnect',
    { silentMs: 90_000 },
    'suspect',
    'none',
    'may hold its slots',
  ],
  ['ten minutes of silence without a disconnect', { silentMs: 11 * minute }, 'stuck', 'give-up', '660 s'],
  [
    'a lost slot after an unload for the same request',
    { silentMs: 90_000, leftBefore: true, healedBefore: true },
    'stuck',
    'give-up',
    '',
  ],
  [
    'a lost slot beside another request of this agent',
    { silentMs: 90_000, leftBefore: true, othersInside: 1 },
    'stuck',
    'give-up',
    '',
  ],
  [
    'a silence during which other requests receive bytes',
    { silentMs: 5 * minute, leftBefore: true, othersMovedMs: 4_000 },
    'working',
    'none',
    'moved 4 s ago',
  ],
  [
    'a model that is being loaded',
    { silentMs: 5 * minute, listed: 'not-loaded', leftBefore: true },
    'working',
    'none',
    'not loaded yet',
  ],
  [
    'a load that never ends',
    { silentMs: 10 * minute, listed: 'not-loaded' },
    'stuck',
    'give-up',
    'was not loaded',
  ],
  [
    'a prompt that is processed since the end of the load',
    { silentMs: 5 * minute, listedForMs: 50_000, leftBefore: true },
    'working',
    'none',
    'may still be read',
  ],
  [
    'a ps that does not answer',
    { silentMs: 90_000, listed: 'unknown', leftBefore: true },
    'suspect',
    'none',
    'ps does not answer',
  ],
  [
    'a ps that does not answer for minutes',
    { silentMs: 3 * minute, listed: 'unknown', leftBefore: true },
    'stuck',
    'give-up',
    'ps does not answer',
  ],
  [
    'a tool call of minutes',
    { answered: true, silentMs: 5 * minute, held: toolCall },
    'working',
    'none',
    'tools are offered: up to 4096 tokens at 20 a second',
  ],
  [
    'a tool call before the first byte',
    { silentMs: 8 * minute, held: toolCall, leftBefore: true },
    'working',
    'none',
    'tools are offered',
  ],
  [
    'a tool call longer than the context allows',
    { answered: true, silentMs: 16 * minute, held: toolCall },
    'stuck',
    'give-up',
    'longer than the request explains',
  ],
  ['a pause between tokens', { answered: true, silentMs: 50_000 }, 'working', 'none', 'next token'],
  [
    'a stream of tokens that stopped',
    { answered: true, silentMs: minute, leftBefore: true },
    'stuck',
    'give-up',
    'nothing came for 60 s',
  ],
  [
    'an estimate above the largest silence',
    { answered: true, silentMs: 31 * minute, held: { ...toolCall, tokens: 1e9 } },
    'stuck',
    'give-up',
    '1860 s',
  ],
  [
    'a runner that uses the CPU, for an hour',
    { silentMs: 60 * minute, leftBefore: true, runnerStillMs: 0 },
    'working',
    'none',
    'uses the CPU',
  ],
  [
    'a runner that stopped a moment ago',
    { silentMs: 60 * minute, leftBefore: true, runnerStillMs: 5_000 },
    'suspect',
    'none',
    'no CPU for 5 s',
  ],
  [
    'a runner that uses no CPU, after a disconnect',
    { silentMs: 30_000, leftBefore: true, runnerStillMs: 29_000 },
    'stuck',
    'unload',
    'no CPU for 29 s',
  ],
  [
    'a runner that uses no CPU, without a disconnect here',
    { silentMs: 30_000, runnerStillMs: 29_000 },
    'stuck',
    'unload',
    'no CPU for 29 s',
  ],
  [
    'a runner that uses no CPU, with a prompt that takes as long',
    { silentMs: 30_000, runnerStillMs: 29_000, prompt: known },
    'suspect',
    'none',
    '',
  ],
  [
    'a runner that uses no CPU in a tool call',
    { answered: true, silentMs: 25_000, runnerStillMs: 20_000, held: toolCall },
    'stuck',
    'give-up',
    'no CPU',
  ],
  [
    'a runner that uses no CPU while ps does not answer',
    { silentMs: minute, runnerStillMs: 50_000, listed: 'unknown' },
    'stuck',
    'give-up',
    'no CPU',
  ],
  [
    'a load that waits for the disk',
    { silentMs: 4 * minute, runnerStillMs: minute, listed: 'not-loaded' },
    'working',
    'none',
    'not loaded yet',
  ],
];

describe('decideSilence', () => {
  it.each(rows)('judges %s', (_what, facts, state, cure, reason) => {
    const verdict = decideSilence({ ...base, ...facts });
    expect(verdict).toEqual({ state, cure, reason: expect.stringContaining(reason) });
  });
});
