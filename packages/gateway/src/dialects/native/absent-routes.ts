import { goJson } from '../../go-compat/go-text.ts';
import type { Route } from '../../http/router.ts';
import { openAiError } from '../openai/openai-error.ts';
import { recommendations } from './model-recommendations.ts';
import { jsonType, nativeError } from './native-dialect.ts';

/**
 * Routes Ollama has and this gateway does not serve: they say so, which a 404 would not. What belongs to Ollama's
 * cloud is answered as by an Ollama whose cloud is switched off.
 */
export function absentRoutes(): readonly Route[] {
  const absent: readonly (readonly [string, string])[] = [
    ['POST', '/api/pull'],
    ['POST', '/api/push'],
    ['POST', '/api/create'],
    ['POST', '/api/copy'],
    ['DELETE', '/api/delete'],
    ['POST', '/api/blobs/{digest}'],
    ['HEAD', '/api/blobs/{digest}'],
    ['POST', '/v1/responses'],
    ['POST', '/v1/messages'],
    ['POST', '/v1/audio/transcriptions'],
  ];
  const cloud: readonly (readonly [string, string, number, string])[] = [
    ['POST', '/api/me', 503, 'account unavailable'],
    ['POST', '/api/signout', 503, 'account unavailable'],
    ['DELETE', '/api/user/keys/{key}', 503, 'account unavailable'],
    ['POST', '/api/experimental/web_search', 403, 'ollama cloud is disabled: web search is unavailable'],
    ['POST', '/api/experimental/web_fetch', 403, 'ollama cloud is disabled: web fetch is unavailable'],
  ];
  return [
    ...absent.map(
      ([method, path]): Route => ({
        methods: [method],
        path,
        handler: (exchange): void => {
          const message = `${path} is not served by Drover yet: use it on a host's own Ollama`;
          const reply = nativeError(501, message);
          exchange.reply(path.startsWith('/v1/') ? { ...reply, body: openAiError(501, message) } : reply);
        },
      }),
    ),
    ...cloud.map(
      ([method, path, status, text]): Route => ({
        methods: [method],
        path,
        handler: (exchange): void => {
          if (status === 503) exchange.setHeader('retry-after', '3600');
          exchange.reply(nativeError(status, text));
        },
      }),
    ),
    {
      methods: ['GET'],
      path: '/api/status',
      handler: (exchange): void => {
        const body = '{"cloud":{"disabled":true,"source":"env"}}';
        exchange.reply({ status: 200, contentType: jsonType, body });
      },
    },
    {
      methods: ['GET'],
      path: '/api/experimental/model-recommendations',
      handler: (exchange): void => {
        exchange.reply({ status: 200, contentType: jsonType, body: goJson({ recommendations }) });
      },
    },
  ];
}
