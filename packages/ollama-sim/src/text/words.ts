import { type Random, seedOfText } from './random.ts';
import { cutTokens } from './vocabulary.ts';
import { type Channel, content, type Token, type TokenSource } from './token.ts';

/** Number of tokens on which a greedy word depends. */
const GREEDY_WINDOW = 6;

export const WORDS: readonly string[] =
  'the a of to and in is it on as at by be or we he so do if no up my me you for are not was but all one can her his out now who its two way day may say see new old big red dog cat sun sea sky bird tree river stone light night under over quick slow green blue house water fire wind road field'
    .split(' ')
    .map((word) => ` ${word}`);

/** A pseudo word with its leading space. */
export function randomWord(random: Random, words: readonly string[] = WORDS): string {
  return words[Math.floor(random() * words.length)] ?? ' it';
}

/** `count` pseudo words without direct repetition; without end when `count` is null. */
export function wordSource(
  words: readonly string[],
  random: Random,
  count: number | null,
  channel: Channel = 'content',
): TokenSource {
  let left = count ?? Number.POSITIVE_INFINITY;
  let last = '';
  return {
    toolCall: null,
    next(): Token | null {
      if (left-- <= 0) return null;
      let text = randomWord(random, words);
      while (text === last) text = randomWord(random, words);
      last = text;
      return { text, channel };
    },
  };
}

/**
 * Greedy words: each depends only on the few tokens before it. A text that is continued from one of its prefixes is
 * therefore the same, as with a real model at temperature 0.
 */
export function greedySource(
  words: readonly string[],
  textBefore: string,
  count: number | null,
): TokenSource {
  const window = cutTokens(textBefore.slice(-128)).slice(-GREEDY_WINDOW);
  let left = count ?? Number.POSITIVE_INFINITY;
  return {
    toolCall: null,
    next() {
      if (left-- <= 0) return null;
      const at = seedOfText(window.join('\u0000'));
      let text = words[at % words.length] ?? ' it';
      if (text === window.at(-1)) text = words[(at + 1) % words.length] ?? ' is';
      window.push(text);
      if (window.length > GREEDY_WINDOW) window.shift();
      return content(text);
    },
  };
}
