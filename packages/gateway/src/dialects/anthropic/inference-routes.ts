import { readCompressibleBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import { inferenceRoute } from '../../inference/inference-route.ts';
import { answerIds } from '../../keeping/answer-ids.ts';
import type { GatewayServices } from '../../services.ts';
import { untranslatedReply } from './anthropic-error.ts';
import { messagesAnswer } from './messages-answer.ts';
import { translateMessages } from './messages-request.ts';

/** `/v1/messages`, translated to Ollama's `/api/chat` and back. */
export function messagesRoute(services: GatewayServices): Route {
  const { random } = services.node;
  return inferenceRoute(services, {
    path: '/v1/messages',
    read: async (exchange) => {
      const { bodyWithoutThink, ...request } = translateMessages(
        await readCompressibleBody(exchange, services.bodies),
      );
      const freshId = answerIds(exchange, random);
      const id = `msg_${freshId()}`;
      const { requestId } = exchange;
      return {
        ...request,
        route: 'chat',
        intent: 'infer',
        amend: (status, answer) => (isThinkRefusal(status, answer) ? bodyWithoutThink?.() : undefined),
        answer: messagesAnswer({ ...request, id, requestId, freshId }),
      };
    },
    unreadable: untranslatedReply,
  });
}

/** Ollama drops `think` of a request in this dialect if the model cannot think; its own routes refuse it. */
function isThinkRefusal(status: number, answer: string): boolean {
  return status === 400 && answer.includes('does not support thinking');
}
