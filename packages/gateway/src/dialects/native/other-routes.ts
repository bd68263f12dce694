import { goJson } from '../../go-compat/go-text.ts';
import { jsonType } from '../../http/reply.ts';
import type { Route } from '../../http/route.ts';
import { recommendations } from './model-recommendations.ts';
import { nativeError } from './native-error.ts';

/** Routes of Ollama's cloud, with the answers of an Ollama whose cloud is switched off. */
const cloud: readonly (readonly [string, string, number, string])[] = [
  ['POST', '/api/me', 503, 'account unavailable'],
  ['POST', '/api/signout', 503, 'account unavailable'],
  ['DELETE', '/api/user/keys/{key}', 503, 'account unavailable'],
  ['POST', '/api/experimental/web_search', 403, 'ollama cloud is disabled: web search is unavailable'],
  ['POST', '/api/experimental/web_fetch', 403, 'ollama cloud is disabled: web fetch is unavailable'],
];

/** Ollama's routes beside inference and listings: most are answered with an error that states why. */
export function otherRoutes(): readonly Route[] {
  return [
    ...cloud.map(
      ([method, path, status, text]): Route => ({
        methods: [method],
        path,
        right: 'list',
        handler: (exchange): void => {
          if (status === 503) exchange.setHeader('retry-after', '3600');
          exchange.reply(nativeError(status, text));
        },
      }),
    ),
    fixed('/api/status', '{"cloud":{"disabled":true,"source":"env"}}'),
    fixed('/api/experimental/model-recommendations', goJson({ recommendations })),
  ];
}

function fixed(path: string, body: string): Route {
  return {
    methods: ['GET'],
    path,
    right: 'list',
    handler: (exchange): void => exchange.reply({ status: 200, contentType: jsonType, body }),
  };
}
