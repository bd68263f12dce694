import { randomWord } from '../text/words.ts';
import { seededRandom, seedOfText } from '../text/random.ts';

interface TokenProbability {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

export interface Logprob extends TokenProbability {
  readonly top_logprobs?: readonly TokenProbability[];
}

/** Invented but repeatable probabilities of a token and `top` alternatives; the token itself is first. */
export function logprobOf(token: string, top: number): Logprob {
  const random = seededRandom(seedOfText(token));
  const own = probability(token, -random());
  if (top === 0) return own;
  const others = Array.from({ length: top - 1 }, (_, i) =>
    probability(randomWord(random), own.logprob - i - random()),
  );
  return { ...own, top_logprobs: [own, ...others] };
}

function probability(token: string, logprob: number): TokenProbability {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
