import { connect } from 'node:net';
import * as fc from 'fast-check';
import { recordedBodies } from './recorded-bodies.ts';

/** One hostile request as bytes, cut into the pieces that are written one after the other. */
export interface HostileRequest {
  readonly method: string;
  /** Path of the route with its parameters in braces. */
  readonly route: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** Share of the body that is sent: below 1 the client leaves in its middle. */
  readonly sent: number;
  readonly pieces: number;
}

/** The part of an OpenAPI document that names routes and the statuses they declare. */
export interface RouteDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>
  >;
}

export interface HostileAnswer {
  /** Undefined: the connection was closed without an answer. */
  readonly status: number | undefined;
  readonly text: string;
}

const hostileTexts = [
  '',
  '-',
  '%',
  '%00',
  '%2e%2e%2f',
  '..',
  '日本',
  'a'.repeat(2_000),
  '\u0000',
  '{}',
  '[',
  '__proto__',
  'global',
  'session:x',
  '*',
  '>',
  'a.b',
  '-1',
  '0',
  '1e999',
  '999999999999999999999',
  'null',
  '\ud800',
];
/** Small or far above every limit, so that no request may wait for long. */
const hostileNumbers = [-1, 0, 1, 1.5, 2 ** 53, 1e308, -0, -(2 ** 31)];
const text = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ maxLength: 20 }));

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(text, fc.constantFrom(...hostileNumbers), fc.constantFrom(null, true, false)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom('__proto__', 'model', 'stream', 'id'), text), tie('value'), {
      maxKeys: 3,
    }),
  ),
}));

const deep = fc
  .tuple(fc.constantFrom('[', '{"a":'), fc.constantFrom(100, 10_000, 200_000))
  .map(([opening, times]) => opening.repeat(times));

/** A recorded body with the value at one place exchanged or removed. */
const mutated = fc
  .tuple(fc.constantFrom(...Object.values(recordedBodies)), fc.nat(), fc.option(value))
  .map(([recorded, place, replacement]) => JSON.stringify(exchange(recorded, place, replacement)));

const body = fc
  .oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 2, arbitrary: value.map((any) => JSON.stringify(any)) },
    { weight: 1, arbitrary: deep },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  )
  .map((content) => (typeof content === 'string' ? Buffer.from(content) : Buffer.from(content)));

const headerNames =
  'content-type content-length transfer-encoding content-encoding accept expect origin cookie if-match if-none-match ' +
  'idempotency-key last-event-id x-drover-request-id x-drover-on-disconnect x-drover-timeout-ms x-drover-host ' +
  'x-api-key traceparent range upgrade connection x-forwarded-for anthropic-version';
const headerValue = fc
  .oneof(
    fc.constantFrom(
      'chunked',
      'gzip',
      'zstd',
      '100-continue',
      'keep=30s',
      'keep=-1',
      '*',
      '"1"',
      'http://evil',
    ),
    text,
  )
  // What cannot stand in a header at all would test only node's parser.
  .map((content) => content.replaceAll(/[^\t -~\u00a0-\u00ff]/g, ''));
const headers = fc.array(fc.tuple(fc.constantFrom(...headerNames.split(' ')), headerValue), { maxLength: 3 });

/** Requests to the routes of the document and to those of Ollama, OpenAI and Anthropic. */
export function hostileRequests(document: RouteDocument): fc.Arbitrary<HostileRequest> {
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => [method.toUpperCase(), path] as const),
  );
  const recorded = Object.keys(recordedBodies).map((path) => ['POST', path] as const);
  const route = fc.oneof(fc.constantFrom(...documented), fc.constantFrom(...recorded));
  const parameters = fc.tuple(text, text, text);
  const query = fc.option(
    fc.array(
      fc.tuple(fc.constantFrom('from', 'limit', 'cursor', 'read', 'ttlMs', 'policy', 'prefix'), text),
      {
        maxLength: 3,
      },
    ),
  );
  return fc
    .record({
      route,
      parameters,
      query,
      headers,
      body,
      own: fc.boolean(),
      sent: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
      pieces: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ route: [method, path], own, ...rest }) => ({
      method,
      route: path,
      target: targetOf(path, rest.parameters, rest.query ?? []),
      headers: rest.headers,
      // Half of the bodies belong to the route that gets them.
      body: own && recordedBodies[path] ? Buffer.from(JSON.stringify(recordedBodies[path])) : rest.body,
      sent: rest.sent,
      pieces: rest.pieces,
    }));
}

/** Sends the request on a connection of its own and reads the head of its answer. @throws Error if none comes */
export async function sendHostile(
  url: string,
  request: HostileRequest,
  { key, timeoutMs }: { readonly key: string; readonly timeoutMs: number },
): Promise<HostileAnswer> {
  const { port, hostname } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<HostileAnswer>();
  const socket = connect(Number(port), hostname);
  let received = '';
  const timer = setTimeout(() => {
    socket.destroy();
    reject(new Error(`no answer within ${timeoutMs} ms: ${JSON.stringify(received.slice(0, 200))}`));
  }, timeoutMs);
  const finish = (): void => {
    clearTimeout(timer);
    socket.destroy();
    const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
    resolve({ status: status === undefined ? undefined : Number(status), text: received });
  };
  socket.setEncoding('latin1').on('data', (part: string) => {
    received = (received + part).replace(/^(HTTP\/1\.1 100 Continue\r\n\r\n)+/, '');
    if (received.includes('\r\n\r\n')) finish();
  });
  // A client that leaves has its own connection reset.
  socket.on('error', finish).on('close', finish);
  const sent = request.body.subarray(0, Math.ceil(request.body.length * request.sent));
  const size = Math.max(1, Math.ceil(sent.length / request.pieces));
  socket.write(headOf(request, key));
  for (let from = 0; from < sent.length; from += size) socket.write(sent.subarray(from, from + size));
  if (request.sent < 1) socket.end();
  return await promise;
}

function headOf({ method, target, headers: own, body: content }: HostileRequest, key: string): string {
  const framed = own.some(([name]) => name === 'content-length' || name === 'transfer-encoding');
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    `authorization: Bearer ${key}`,
    'connection: close',
    // Bounds what a valid request may take.
    ...(own.some(([name]) => name === 'x-drover-timeout-ms') ? [] : ['x-drover-timeout-ms: 3000']),
    ...own.map(([name, content_]) => `${name}: ${content_}`),
    ...(framed ? [] : [`content-length: ${content.length}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function targetOf(
  path: string,
  parameters: readonly string[],
  query: readonly (readonly [string, string])[],
): string {
  let index = 0;
  const filled = path.replaceAll(/\{\w+\}/g, () => encoded(parameters[index++ % parameters.length] ?? ''));
  const pairs = query.map(([name, content]) => `${name}=${encoded(content)}`).join('&');
  return pairs === '' ? filled : `${filled}?${pairs}`;
}

/** As `encodeURIComponent`, which throws for half of a surrogate pair; what is encoded already stays as it is. */
function encoded(content: string): string {
  return /^[\w.%*>:-]*$/.test(content) ? content : encodeURIComponent(content.toWellFormed());
}

/** A copy of `recorded` whose value at place number `place` is `replacement`; null removes it. */
function exchange(recorded: unknown, place: number, replacement: unknown): unknown {
  const copy = structuredClone(recorded);
  const places: [Record<string, unknown>, string][] = [];
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [name, inner] of Object.entries(part)) {
      places.push([part as Record<string, unknown>, name]);
      visit(inner);
    }
  };
  visit(copy);
  const [owner, name] = places[place % places.length] ?? [];
  if (owner === undefined || name === undefined) return replacement;
  if (replacement === null) delete owner[name];
  else owner[name] = replacement;
  return copy;
}
