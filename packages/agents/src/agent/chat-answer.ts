import type { TaskUsage } from '../agents-client.ts';
import { parseChatLine } from './chat-line.ts';

/** What the last line says about the work. */
export type ChatUsage = Omit<TaskUsage, 'durationMs'> & { readonly workMs: number };

/** What one line of Ollama's answer means for the task. */
export type LineStep =
  | { readonly type: 'text'; readonly text: string }
  /** The last line. It may contain text too. */
  | { readonly type: 'end'; readonly text: string; readonly usage: ChatUsage }
  /** The task has failed. `cancelsCall`: Ollama would still send lines, so the call must be cancelled. */
  | {
      readonly type: 'fail';
      readonly code: 'bad-upstream' | 'too-long';
      readonly message: string;
      readonly cancelsCall: boolean;
    };

/** @param outputChars characters of the answer before this line */
export function decideLine(line: string, outputChars: number, maxOutputChars: number): LineStep {
  const parsed = parseChatLine(line);
  if (!parsed) {
    const message = 'the model server sent a line that does not follow the Ollama protocol';
    return { type: 'fail', code: 'bad-upstream', message, cancelsCall: true };
  }
  const { text, end, error } = parsed;
  if (error !== undefined) return { type: 'fail', code: 'bad-upstream', message: error, cancelsCall: false };
  if (outputChars + text.length > maxOutputChars) {
    const message = `the answer is longer than ${maxOutputChars} characters; set num_predict`;
    return { type: 'fail', code: 'too-long', message, cancelsCall: true };
  }
  return end === undefined ? { type: 'text', text } : { type: 'end', text, usage: end };
}
