import { goJson } from '../../go-compat/go-text.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import { errorText } from '../../translation/error-text.ts';
import { parseAnswer } from '../../translation/read-answer.ts';
import { sseData } from '../../translation/server-sent-event.ts';
import { secondsOf } from '../../translation/unix-seconds.ts';
import type { AnswerOptions } from './answer-options.ts';
import { brokenStreamFrame, openAiError, translatedType, upstreamErrorReply } from './openai-error.ts';
import { usageOf } from './usage.ts';

/** Fields that the gateway reads from one object of Ollama's `/api/generate`. */
interface GenerateObject {
  readonly model?: string;
  readonly created_at?: string;
  readonly response?: string;
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly error?: string;
}

/**
 * Translates answers of Ollama's `/api/generate` to `/v1/completions`. Every object, also the last one, becomes a
 * chunk.
 */
export function completionAnswer(options: AnswerOptions): AnswerFormat {
  const chunk = (object: GenerateObject, choices: readonly unknown[]): Record<string, unknown> => ({
    id: options.id,
    object: 'text_completion',
    created: secondsOf(object.created_at) ?? options.nowSeconds,
    choices,
    model: object.model ?? '',
    system_fingerprint: 'fp_ollama',
  });

  const frames = (line: string): string => {
    const object = parseAnswer(line) as GenerateObject;
    if (object.error !== undefined) return sseData(openAiError(500, errorText(line)));
    const usage = options.includeUsage ? { usage: usageOf({}) } : {};
    let out = sseData(goJson({ ...chunk(object, [choiceOf(object)]), ...usage }));
    if (object.done !== true) return out;
    if (options.includeUsage) out += sseData(goJson({ ...chunk(object, []), usage: usageOf(object) }));
    return `${out}data: [DONE]\n\n`;
  };

  return {
    streamType: 'text/event-stream',
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      if (options.stream) return { status: 200, contentType: 'text/event-stream', body: frames(body) };
      const object = parseAnswer(body) as GenerateObject;
      const completion = {
        id: options.id,
        object: 'text_completion',
        created: secondsOf(object.created_at) ?? options.nowSeconds,
        model: object.model ?? '',
        system_fingerprint: 'fp_ollama',
        choices: [choiceOf(object)],
        usage: usageOf(object),
      };
      return { status: 200, contentType: translatedType, body: `${goJson(completion)}\n` };
    },
    lines: (lines) => lines.map(frames).join(''),
    brokenStream: brokenStreamFrame,
  };
}

function choiceOf(object: GenerateObject): Record<string, unknown> {
  return { text: object.response ?? '', index: 0, finish_reason: object.done_reason || null };
}
