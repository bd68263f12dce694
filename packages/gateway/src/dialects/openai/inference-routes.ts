import { readBody, readCompressibleBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import type { Inference } from '../../inference/inference.ts';
import { inferenceRoute } from '../../inference/inference-route.ts';
import { answerIds } from '../../keeping/answer-ids.ts';
import type { GatewayServices } from '../../services.ts';
import type { AnswerOptions } from './answer-options.ts';
import { chatAnswer } from './chat-answer.ts';
import { translateChatRequest } from './chat-request.ts';
import { completionAnswer } from './completion-answer.ts';
import { translateCompletionRequest } from './completion-request.ts';
import { embeddingAnswer, translateEmbedding } from './embedding.ts';
import { untranslatedReply } from './openai-error.ts';
import { responsesAnswer } from './responses-answer.ts';
import { translateResponses } from './responses-request.ts';

type Translation = Omit<Inference, 'intent'>;

/** OpenAI's inference routes, translated to Ollama's routes and back: a host receives only Ollama's own requests. */
export function openAiInferenceRoutes(services: GatewayServices): readonly Route[] {
  const { clock, random } = services.node;
  const identity = (
    prefix: string,
    freshId: () => string,
  ): Pick<AnswerOptions, 'id' | 'nowSeconds' | 'freshId'> => ({
    id: `${prefix}-${freshId()}`,
    nowSeconds: Math.floor(clock.wallNow() / 1_000),
    freshId,
  });
  const route = (
    path: string,
    read: typeof readBody,
    translate: (body: Buffer, freshId: () => string) => Translation,
  ): Route =>
    inferenceRoute(services, {
      path,
      read: async (exchange) => ({
        ...translate(await read(exchange, services.bodies), answerIds(exchange, random)),
        intent: 'infer',
      }),
      unreadable: untranslatedReply,
    });
  return [
    route('/v1/chat/completions', readCompressibleBody, (body, freshId) => {
      const request = translateChatRequest(body);
      const answer = chatAnswer({ ...request, ...identity('chatcmpl', freshId) });
      return { ...request, route: 'chat', answer };
    }),
    route('/v1/completions', readCompressibleBody, (body, freshId) => {
      const request = translateCompletionRequest(body);
      const answer = completionAnswer({ ...request, ...identity('cmpl', freshId) });
      return { ...request, route: 'generate', answer };
    }),
    route('/v1/responses', readCompressibleBody, (body, freshId) => {
      const request = translateResponses(body);
      const options = {
        ...request,
        id: `resp_${freshId()}`,
        nowSeconds: () => Math.floor(clock.wallNow() / 1_000),
        freshId,
      };
      return { ...request, route: 'chat', answer: responsesAnswer(options) };
    }),
    route('/v1/embeddings', readBody, (body) => {
      const request = translateEmbedding(body);
      return { ...request, route: 'embed', answer: embeddingAnswer(request.model, request.encoding) };
    }),
  ];
}
