import { readPlainBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import { inferenceRoute } from '../../inference/inference-route.ts';
import type { GatewayServices } from '../../services.ts';
import { untranslatedReply } from './openai-error.ts';
import { transcriptionAnswer, translateTranscription } from './transcription.ts';

/** `/v1/audio/transcriptions`, translated to Ollama's `/api/chat` for a model that hears. */
export function transcriptionRoute(services: GatewayServices): Route {
  return inferenceRoute(services, {
    path: '/v1/audio/transcriptions',
    read: async (exchange) => {
      const body = await readPlainBody(exchange, services.bodies);
      const { asText, ...request } = await translateTranscription(
        body,
        exchange.header('content-type') ?? '',
      );
      return { ...request, route: 'chat', intent: 'infer', answer: transcriptionAnswer(asText) };
    },
    unreadable: untranslatedReply,
  });
}
