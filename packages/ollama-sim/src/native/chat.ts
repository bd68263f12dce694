import { ClientGoneError, OllamaError } from '../errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendNativeError } from '../http/reply.ts';
import type { Call } from '../inference/call.ts';
import type { Services } from '../services.ts';
import { readChatCall, readGenerateCall } from './native-request.ts';
import { NativeWriter } from './native-writer.ts';

/** POST /api/chat */
export async function chat(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, services, readChatCall);
}

/** POST /api/generate */
export async function generate(exchange: Exchange, services: Services): Promise<void> {
  await answer(exchange, services, readGenerateCall);
}

async function answer(exchange: Exchange, services: Services, read: (body: string) => Call): Promise<void> {
  let stream = false;
  try {
    const call = read(await exchange.body());
    stream = call.stream;
    const writer = new NativeWriter(exchange, call, services.config.clock);
    await services.inference.answer(call, writer, exchange);
  } catch (error) {
    if (error instanceof OllamaError) sendNativeError(exchange, error, stream);
    else if (!(error instanceof ClientGoneError)) throw error;
  }
}
