import { InvalidAnswerError } from '../errors.ts';

/** @throws InvalidAnswerError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidAnswerError('a part of the stream is no JSON', { cause });
  }
}
