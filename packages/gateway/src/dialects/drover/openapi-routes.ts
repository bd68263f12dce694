import type { Exchange } from '../../http/exchange.ts';
import type { Route } from '../../http/route.ts';
import { docsPage } from '../../openapi/docs-page.ts';
import { openApiDocument } from '../../openapi/document.ts';
import { droverJson } from './drover-reply.ts';
import { tagged } from '../../http/entity-tag.ts';
import { droverOperations } from './operations/operations.ts';

/** `GET /openapi.json`, and `GET /docs` for people. Both are made at the first request. */
export function openApiRoutes(): readonly Route[] {
  let document: ReturnType<typeof openApiDocument> | undefined;
  let page: string | undefined;
  const read = () => (document ??= openApiDocument(droverOperations()));
  return [
    get('/openapi.json', (exchange) => exchange.reply(tagged(exchange, droverJson(read())))),
    get('/docs', (exchange) => {
      page ??= pageOf(read());
      exchange.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
      exchange.setHeader('x-content-type-options', 'nosniff');
      exchange.reply(tagged(exchange, { status: 200, contentType: 'text/html; charset=utf-8', body: page }));
    }),
  ];
}

function get(path: string, handler: (exchange: Exchange) => void): Route {
  return { methods: ['GET', 'HEAD'], path, right: 'list', counted: false, handler };
}

interface DocumentJson {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationJson>>>>;
}

interface OperationJson {
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: unknown }>>;

function pageOf(document: ReturnType<typeof openApiDocument>): string {
  const { version, groups } = droverOperations();
  const { paths } = document as unknown as DocumentJson;
  return docsPage(version, groups, (route) => {
    const [method = '', path = ''] = route.split(' ');
    const operation = paths[path]?.[method.toLowerCase()];
    const body = schemaText(operation?.requestBody?.content);
    const answers = Object.entries(operation?.responses ?? {}).flatMap(([status, { content }]) => {
      const schema = schemaText(content);
      return schema === undefined ? [] : [[status, schema]];
    });
    return {
      ...(body !== undefined && { body }),
      answers: Object.fromEntries(answers) as Record<string, string>,
    };
  });
}

/** JSON Schema of the content; undefined for bytes. */
function schemaText(content: Content | undefined): string | undefined {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema === undefined ? undefined : JSON.stringify(schema, undefined, 2);
}
