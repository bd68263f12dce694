import { expect, it } from 'vitest';
import { raw } from '../testing/raw.ts';
import { startScriptedGateway } from '../testing/scripted-gateway.ts';

/** These answers were recorded from Go's net/http with gin and its CORS layer in Ollama's configuration. */

const local = 'Host: 127.0.0.1\r\n';
const close = 'Connection: close\r\n\r\n';

it.each([
  ['OPTIONS /api/tags', 'HEAD, GET'],
  ['OPTIONS /api/chat', 'POST'],
  ['GET /api/blobs/sha256:1', 'HEAD, POST'],
  ['POST /api/version', 'HEAD, GET'],
  ['PUT /api/delete', 'DELETE'],
  ['PROPFIND /api/chat', 'POST'],
  ['OPTIONS /healthz', 'HEAD, GET'],
])('answers %s with 405 and Allow: %s, in the order Ollama lists methods', async (line, allow) => {
  await using setup = await startScriptedGateway();
  const { status, text } = await raw(setup.gateway.port, `${line} HTTP/1.1\r\n${local}${close}`);
  expect(status).toBe(405);
  expect(text).toContain(`\r\nAllow: ${allow}\r\n`);
});

it('names the methods of a path for a wrong method, also if Host or Origin decide the answer', async () => {
  await using setup = await startScriptedGateway();
  const ask = (line: string, headers: string): ReturnType<typeof raw> =>
    raw(setup.gateway.port, `${line} HTTP/1.1\r\n${headers}${close}`);
  const asked = await Promise.all([
    ask('OPTIONS /api/chat', 'Host: localhost\r\n'),
    ask('OPTIONS /api/chat', `${local}Origin: http://localhost:3000\r\n`),
    ask('GET /api/chat', `${local}Origin: https://evil.test\r\n`),
    ask('GET /api/chat', 'Host: evil.test\r\n'),
  ]);
  expect(asked.map(({ status }) => status)).toEqual([204, 204, 403, 403]);
  for (const { text } of asked) expect(text).toContain('\r\nAllow: POST\r\n');
  const unknown = await ask('OPTIONS /nosuch', 'Host: localhost\r\n');
  expect(unknown.status).toBe(204);
  expect(unknown.text).not.toContain('Allow');
});

it('redirects to a clean path before it checks Host and Origin', async () => {
  await using setup = await startScriptedGateway();
  const ask = async (path: string): Promise<number> =>
    (await raw(setup.gateway.port, `GET ${path} HTTP/1.1\r\nHost: evil.test\r\n${close}`)).status;
  expect([await ask('/api/tags/'), await ask('//api/tags'), await ask('/api/tags')]).toEqual([301, 307, 403]);
});

it('allows a page exactly the headers that Ollama allows, and the headers of Drover that it requests', async () => {
  await using setup = await startScriptedGateway();
  const allowed = async (wanted: string): Promise<string | undefined> => {
    const ask = `Origin: http://localhost:3000\r\nAccess-Control-Request-Headers: ${wanted}\r\n`;
    const { text } = await raw(setup.gateway.port, `OPTIONS /api/chat HTTP/1.1\r\n${local}${ask}${close}`);
    return /Access-Control-Allow-Headers: (.*)\r\n/.exec(text)?.[1];
  };
  const ollama =
    'Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,' +
    'X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,' +
    'X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout';
  expect(await allowed('content-type, x-evil')).toBe(ollama);
  expect(await allowed('content-type,x-drover-timeout-ms, Idempotency-Key')).toBe(
    `${ollama},x-drover-timeout-ms,idempotency-key`,
  );
});

it.each([
  ['OPTIONS * HTTP/1.1', local, 200, ''],
  ['GET * HTTP/1.1', local, 400, ''],
  ['GET / HTTP/1.1', '', 400, '400 Bad Request: missing required Host header'],
  ['GET / HTTP/1.1', local + local, 400, '400 Bad Request'],
  ['GET / HTTP/1.1', 'Host: a b\r\n', 400, '400 Bad Request: malformed Host header'],
  ['GET / HTTP/1.1', 'Host:\r\n', 200, 'Ollama is running'],
  ['GET / HTTP/1.0', '', 200, 'Ollama is running'],
  ['GET / HTTP/2.0', local, 505, '505 HTTP Version Not Supported: unsupported protocol version'],
  ['GET http://localhost/ HTTP/1.1', 'Host: evil.test\r\n', 200, 'Ollama is running'],
  ['GET http://localhost HTTP/1.1', local, 200, 'Ollama is running'],
  ['GET http://evil.test/ HTTP/1.1', local, 403, ''],
  ['GET /api/%zz HTTP/1.1', local, 400, '400 Bad Request'],
  ['GET /api/%ff HTTP/1.1', local, 404, '404 page not found'],
  ['GET /%68ealthz HTTP/1.1', local, 200, '{"ok":true}'],
  ['POST / HTTP/1.1', `${local}Transfer-Encoding: gzip, chunked\r\n`, 501, 'Unsupported transfer encoding'],
  ['GET / HTTP/1.1', `${local}Expect: something\r\n`, 417, ''],
])('answers %s with the headers %j with status %i and %j', async (line, headers, status, body) => {
  await using setup = await startScriptedGateway();
  const answer = await raw(setup.gateway.port, `${line}\r\n${headers}${close}`);
  expect(answer.status).toBe(status);
  expect(answer.text.slice(answer.text.indexOf('\r\n\r\n') + 4)).toBe(body);
});

it('accepts the cookies that a browser keeps for one localhost, and answers 431 to more', async () => {
  await using setup = await startScriptedGateway();
  const ask = async (bytes: number): Promise<number> =>
    (await raw(setup.gateway.port, `GET / HTTP/1.1\r\n${local}Cookie: ${'c'.repeat(bytes)}\r\n${close}`))
      .status;
  expect([await ask(50_000), await ask(70_000)]).toEqual([200, 431]);
});

it('answers HTTP/1.0 in HTTP/1.0: not chunked, the connection closed after it', async () => {
  await using setup = await startScriptedGateway();
  const body = '{"model":"m","messages":[{"role":"user","content":"x"}]}';
  const answer = raw(
    setup.gateway.port,
    `POST /api/chat HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const call = await setup.fleet.next();
  call.head();
  call.lines('{"done":false}', `{"text":"${'x'.repeat(5_000)}","done":true}`);
  call.end();
  const { text } = await answer;
  expect(text).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
  expect(text).not.toMatch(/transfer-encoding/i);
  expect(text).toMatch(/\r\n\r\n\{"done":false\}\n\{"text":"x{5000}","done":true\}\n$/);
});

it('lists the models that Ollama recommends', async () => {
  await using setup = await startScriptedGateway();
  const response = await fetch(`${setup.url}/api/experimental/model-recommendations`);
  expect(response.status).toBe(200);
  const { recommendations } = (await response.json()) as { recommendations: { model: string }[] };
  expect(recommendations.map(({ model }) => model)).toContain('qwen3.5');
});

it('logs no error for an answer with a status below 500', async () => {
  await using setup = await startScriptedGateway();
  for (const path of [
    '/nosuch',
    '/api/v1/nosuch',
    '/api/v1/actors?node=nosuch',
    '/api/v1/actors?wrong=1',
    '/v1/models/a/b',
  ])
    expect((await fetch(setup.url + path)).status).toBeLessThan(500);
  expect((await fetch(`${setup.url}/api/chat`)).status).toBe(405);
  expect(setup.logs.filter(({ level }) => level === 'error')).toEqual([]);
});
