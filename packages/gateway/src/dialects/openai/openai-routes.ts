import type { InferenceRoute } from '@drover/fleet';
import type { AnswerDialect } from '../../inference/answer-dialect.ts';
import { readBody, readCompressibleBody } from '../../http/body.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/router.ts';
import { refuseInference, serveInference } from '../../inference/inference.ts';
import { requireModel } from '../native/native-request.ts';
import type { GatewayServices } from '../../services.ts';
import { type ChatAnswerOptions, chatDialect } from './chat-answer.ts';
import { translateChatRequest } from './chat-request.ts';
import { completionDialect } from './completion-answer.ts';
import { translateCompletionRequest } from './completion-request.ts';
import { embeddingDialect, translateEmbedding } from './embedding.ts';
import { failedReply, refusedReply } from './openai-error.ts';

interface Translation {
  readonly route: InferenceRoute;
  readonly model: string;
  readonly body: Buffer;
  readonly ignored: readonly string[];
  readonly dialect: AnswerDialect;
}

/** OpenAI's inference routes, translated to Ollama's here and back: a host only ever hears its own dialect. */
export function openAiInferenceRoutes(services: GatewayServices): readonly Route[] {
  const { clock, random } = services.node;
  const identity = (prefix: string): Pick<ChatAnswerOptions, 'id' | 'nowSeconds' | 'freshId'> => ({
    id: `${prefix}-${random.id()}`,
    nowSeconds: Math.floor(clock.wallNow() / 1_000),
    freshId: () => random.id(),
  });
  const table: Readonly<Record<string, (bytes: Buffer) => Translation>> = {
    '/v1/chat/completions': (bytes) => {
      const request = translateChatRequest(bytes);
      return { ...request, route: 'chat', dialect: chatDialect({ ...request, ...identity('chatcmpl') }) };
    },
    '/v1/completions': (bytes) => {
      const request = translateCompletionRequest(bytes);
      return {
        ...request,
        route: 'generate',
        dialect: completionDialect({ ...request, ...identity('cmpl') }),
      };
    },
    '/v1/embeddings': (bytes) => {
      const request = translateEmbedding(bytes);
      return { ...request, route: 'embed', dialect: embeddingDialect(request.model, request.encoding) };
    },
  };
  return Object.entries(table).map(([path, translate]) => ({
    methods: ['POST'],
    path,
    handler: (exchange): Promise<void> => serveOpenAi(services, exchange, path, translate),
  }));
}

async function serveOpenAi(
  services: GatewayServices,
  exchange: Exchange,
  label: string,
  translate: (bytes: Buffer) => Translation,
): Promise<void> {
  const read = label === '/v1/embeddings' ? readBody : readCompressibleBody;
  let reply = refusedReply;
  try {
    const translation = translate(await read(exchange, services.bodies));
    // From here on Ollama's layer words errors as those of its translated request.
    reply = failedReply;
    const name = requireModel(translation.route, translation.model);
    await serveInference(services, exchange, {
      ...translation,
      label,
      name,
      intent: 'infer',
    });
  } catch (error) {
    refuseInference(services, exchange, label, error, reply);
  }
}
