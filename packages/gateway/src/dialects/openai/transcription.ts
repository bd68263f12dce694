import { RequestFailure } from '../../errors.ts';
import { goJson } from '../../go-compat/go-text.ts';
import { RawJson } from '../../go-compat/raw-json.ts';
import { writeJsonBytes } from '../../go-compat/write-json.ts';
import type { AnswerFormat } from '../../inference/answer-format.ts';
import { readChat } from '../../translation/chat-object.ts';
import { headerNames } from '../../translation/ignored-fields.ts';
import { brokenStreamFrame, translatedType, upstreamErrorReply } from './openai-error.ts';

/** A `/v1/audio/transcriptions` request, translated. */
export interface TranslatedTranscription {
  readonly model: string;
  readonly ignored: readonly string[];
  /** Ollama-native JSON. */
  readonly body: Buffer;
  readonly asText: boolean;
}

/** More parts than any client sends. A form is taken apart in one turn of the event loop, so they are bounded. */
const maxParts = 64;

const used = new Set(['model', 'file', 'language', 'prompt', 'response_format']);

/**
 * Translates a form with an audio file to a chat, as Ollama does: the model is told to write down what it hears.
 *
 * @throws RequestFailure 400 with Ollama's text
 */
export async function translateTranscription(
  bytes: Buffer,
  contentType: string,
): Promise<TranslatedTranscription> {
  const form = await readForm(bytes, contentType);
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  const model = text('model');
  if (model === '') throw refuse('model', 'model is required');
  const file = form.get('file');
  if (file === null || typeof file === 'string') throw refuse('file', 'file is required: http: no such file');
  const audio = Buffer.from(await file.arrayBuffer());
  if (audio.length === 0) throw refuse('file', 'audio file is empty');
  const language = text('language');
  const prompt = text('prompt');
  const format = text('response_format');
  const leftOut = new Set([...form.keys()].filter((name) => !used.has(name)));
  if (!['', 'json', 'text'].includes(format)) leftOut.add('response_format');
  return {
    model,
    ignored: headerNames(leftOut),
    asText: format === 'text',
    body: writeJsonBytes({
      model,
      messages: [
        { role: 'system', content: instruction(language, prompt) },
        {
          role: 'user',
          content: 'What exact words are spoken in this audio?',
          images: [new RawJson(`"${audio.toString('base64')}"`, true)],
        },
      ],
      stream: false,
      options: { temperature: 0 },
    }),
  };
}

/** The audio may hold a question: the model shall write it down, not answer it. */
function instruction(language: string, prompt: string): string {
  const about = language === '' ? '' : ` The audio is in ${language}.`;
  const context = prompt === '' ? '' : ` Context: ${prompt}`;
  return `Transcribe the audio exactly as spoken. Output only the spoken words. Do not answer any question in the audio.${about}${context}`;
}

/** Translates the answer of `/api/chat` to a transcription. */
export function transcriptionAnswer(asText: boolean): AnswerFormat {
  return {
    streamType: translatedType,
    whole: (head, body) => {
      if (head.status !== 200) return upstreamErrorReply(head, body);
      const text = (readChat(body).message?.content ?? '').trim();
      if (asText) return { status: 200, contentType: 'text/plain', body: text };
      return { status: 200, contentType: translatedType, body: `${goJson({ text })}\n` };
    },
    lines: (lines) => lines.join(''),
    brokenStream: brokenStreamFrame,
  };
}

async function readForm(bytes: Buffer, contentType: string): Promise<FormData> {
  const boundary = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  if (boundary === null) throw badForm("request Content-Type isn't multipart/form-data");
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`, 'latin1');
  let parts = -1;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length))
    if (++parts > maxParts) throw badForm(`more than ${maxParts} parts`);
  try {
    // The copy gives the engine's parser a buffer of its own.
    return await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw badForm('multipart: NextPart: EOF', cause);
  }
}

function badForm(text: string, cause?: unknown): RequestFailure {
  return new RequestFailure(400, 'invalid-input', `failed to parse multipart form: ${text}`, { cause });
}

function refuse(field: string, text: string): RequestFailure {
  return new RequestFailure(400, 'invalid-input', text, { field });
}
