import { ClientGoneError, OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendOpenAiError, sendOpenAiRefusal } from '../http/reply.ts';
import type { AnswerWriter } from '../inference/answer.ts';
import type { Call } from '../inference/call.ts';
import type { Services } from '../services.ts';
import { OpenAiChatWriter } from './chat-writer.ts';
import { OpenAiCompletionWriter } from './completion-writer.ts';
import { readOpenAiChat, readOpenAiCompletion } from './openai-request.ts';

interface Prepared {
  readonly call: Call;
  readonly writer: AnswerWriter;
}

/** POST /v1/chat/completions */
export async function chatCompletions(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, services, (body) => {
    const request = readOpenAiChat(body);
    return { call: request.call, writer: new OpenAiChatWriter(exchange, request, services.config.clock) };
  });
}

/** POST /v1/completions */
export async function completions(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, services, (body) => {
    const request = readOpenAiCompletion(body);
    return {
      call: request.call,
      writer: new OpenAiCompletionWriter(exchange, request, services.config.clock),
    };
  });
}

async function answer(
  exchange: Exchange,
  services: Services,
  prepare: (body: string) => Prepared,
): Promise<void> {
  const body = await exchange.body();
  let prepared: Prepared;
  try {
    prepared = prepare(body);
  } catch (error) {
    if (error instanceof OllamaError) return sendOpenAiRefusal(exchange, error);
    throw error;
  }
  try {
    await services.inference.answer(prepared.call, prepared.writer, exchange);
  } catch (error) {
    if (error instanceof OllamaError) sendOpenAiError(exchange, error, prepared.call.stream);
    else if (!(error instanceof ClientGoneError)) throw error;
  }
}
