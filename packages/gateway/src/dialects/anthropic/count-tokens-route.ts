import { goJson } from '../../go-compat/go-text.ts';
import { readCompressibleBody } from '../../http/body.ts';
import type { Route } from '../../http/route.ts';
import { resolveName } from '../../inference/resolve-name.ts';
import type { GatewayServices } from '../../services.ts';
import { translatedType } from './anthropic-error.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { readMessages } from './messages-fields.ts';

/**
 * `/v1/messages/count_tokens`, which Ollama does not have. The count is a guess from the length of the request, marked
 * by `x-drover-estimated`: only the model's own tokenizer knows the size, and asking it costs a whole prefill.
 */
export function countTokensRoute(services: GatewayServices): Route {
  return {
    methods: ['POST'],
    path: '/v1/messages/count_tokens',
    right: 'infer',
    handler: async (exchange) => {
      const request = readMessages(await readCompressibleBody(exchange, services.bodies));
      resolveName(services, 'chat', request.model ?? '');
      exchange.setHeader('x-drover-estimated', 'input_tokens');
      const body = `${goJson({ input_tokens: estimateTokens(request) })}\n`;
      exchange.reply({ status: 200, contentType: translatedType, body });
    },
  };
}
