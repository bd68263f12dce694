import { content, type TokenSource } from './token.ts';

const COUNT_AT_END = /(^|[^\d\s])?(?:(\d+)(\s+))?(\d+)(\s*)$/;

/**
 * The last number of a count at the end of a text, or 0.
 *
 * A count begins with a `1` at the start of the text, at the start of a line or after a tag; each next number must
 * follow its predecessor. So `count to 5` contains no count, and `1 2 3` counts to 3.
 */
export function countedTo(text: string): number {
  const tail = text.slice(-64);
  const match = COUNT_AT_END.exec(tail);
  if (!match) return 0;
  const [whole, , previous, , last = ''] = match;
  const number = Number(last);
  if (previous !== undefined) return number === Number(previous) + 1 ? number : 0;
  const before = tail.slice(0, tail.length - whole.length + (match[1]?.length ?? 0));
  const startsHere = before === '' || before.endsWith('\n') || before.endsWith('>');
  return startsHere && number === 1 ? 1 : 0;
}

/** `1`, ` 2`, ` 3` …, continuing the count of the text before. It never ends by itself. */
export function countingSource(textBefore: string): TokenSource {
  let last = countedTo(textBefore);
  let separator = last === 0 || /\s$/.test(textBefore) ? '' : ' ';
  return {
    toolCall: null,
    next: () => {
      const token = content(`${separator}${++last}`);
      separator = ' ';
      return token;
    },
  };
}
