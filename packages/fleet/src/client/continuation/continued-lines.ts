/** What the hosts before have said, for the figures of the whole answer. */
export interface SpokenBefore {
  readonly tokens: number;
  readonly spokenForMs: number;
}

const responseMark = '"response":';
const lineEnd = ',"done":false}';
const nsPerMs = 1_000_000;

/**
 * A line of the continuation, which is an answer of `/api/generate`, as a line of the route that the client asked. The
 * figures of the last line are those of the whole answer.
 *
 * @param totalMs time since the client's request
 */
export function continuedLine(
  line: string,
  route: 'chat' | 'generate',
  before: SpokenBefore,
  totalMs: number,
): string {
  const at = line.indexOf(responseMark);
  if (at >= 0 && line.endsWith(lineEnd)) {
    if (route === 'generate') return line;
    const value = line.slice(at + responseMark.length, line.length - lineEnd.length);
    return `${line.slice(0, at)}"message":{"role":"assistant","content":${value}}${lineEnd}`;
  }
  const last = JSON.parse(line) as Record<string, unknown>;
  return last['done'] === true ? JSON.stringify(lastLine(last, route, before, totalMs)) : line;
}

function lastLine(
  last: Readonly<Record<string, unknown>>,
  route: 'chat' | 'generate',
  { tokens, spokenForMs }: SpokenBefore,
  totalMs: number,
): object {
  const { model, created_at, response, done, context: _, ...rest } = last;
  const text =
    route === 'chat'
      ? { message: { role: 'assistant', content: response ?? '' } }
      : { response: response ?? '' };
  return {
    model,
    created_at,
    ...text,
    done,
    ...rest,
    total_duration: Math.round(totalMs * nsPerMs),
    prompt_eval_count: Math.max(1, countOf(rest['prompt_eval_count']) - tokens),
    eval_count: countOf(rest['eval_count']) + tokens,
    eval_duration: countOf(rest['eval_duration']) + Math.round(spokenForMs * nsPerMs),
  };
}

function countOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
