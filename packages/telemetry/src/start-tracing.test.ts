import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { readSampling, type Sampling } from './sampling.ts';
import { startTracing } from './start-tracing.ts';

const traced = { service: 'drover-test', version: '1.2.3', node: 'n1' };
const servers: Server[] = [];
const changed: string[] = [];

afterEach(() => {
  for (const name of changed.splice(0)) delete process.env[name];
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** The exporter reads its variables from the process. */
function setEndpoint(url: string): NodeJS.ProcessEnv {
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = url;
  changed.push('OTEL_EXPORTER_OTLP_ENDPOINT');
  return process.env;
}

async function collector(answer: boolean): Promise<{ url: string; bodies: string[]; paths: string[] }> {
  const bodies: string[] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      bodies.push(body);
      if (answer) response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, paths };
}

it('exports ended spans as OTLP over HTTP when it stops', async () => {
  const { url, bodies, paths } = await collector(true);
  const tracer = await startTracing(traced, setEndpoint(url), () => undefined);
  const span = tracer.start({ name: 'outer', kind: 'server', attributes: { a: 1, left: undefined } });
  tracer.start({ name: 'inner', kind: 'client', parent: span.traceparent }).end({ error: 'lost' });
  span.end();
  await tracer.stop();
  expect(paths).toEqual(['POST /v1/traces']);
  const { resourceSpans } = JSON.parse(bodies[0] ?? '') as {
    resourceSpans: { resource: { attributes: object[] }; scopeSpans: { spans: { name: string }[] }[] }[];
  };
  expect(resourceSpans[0]?.resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'drover-test' },
  });
  expect(resourceSpans[0]?.scopeSpans[0]?.spans.map(({ name }) => name)).toEqual(['inner', 'outer']);
});

it('stops within a bounded time when the receiver does not answer', async () => {
  const { url } = await collector(false);
  const tracer = await startTracing(traced, setEndpoint(url), () => undefined);
  tracer.start({ name: 'x', kind: 'server' }).end();
  await expect(tracer.stop()).resolves.toBeUndefined();
});

it.each([
  {},
  { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_SDK_DISABLED: 'true' },
  { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_TRACES_EXPORTER: 'none' },
])('records nothing with %j', async (environment) => {
  const tracer = await startTracing(traced, environment, () => undefined);
  expect(tracer.isOn).toBe(false);
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  expect(tracer.start({ name: 'x', kind: 'server', parent })).toMatchObject({
    traceparent: parent,
    isRecorded: false,
  });
});

it('says which variable cannot be used, and goes on', async () => {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  expect((await startTracing(traced, { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, warn)).isOn).toBe(false);
  expect(readSampling({ OTEL_TRACES_SAMPLER: 'sometimes' }, warn)).toEqual({ followsParent: true, ratio: 1 });
  expect(readSampling({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' }, warn)).toEqual({
    followsParent: false,
    ratio: 1,
  });
  expect(warnings.map((text) => text.split(' ')[0])).toEqual([
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_TRACES_SAMPLER',
    'OTEL_TRACES_SAMPLER_ARG',
  ]);
});

it('reads the samplers of OpenTelemetry', () => {
  expect(read('parentbased_traceidratio', '0.25')).toEqual({ followsParent: true, ratio: 0.25 });
  expect(read('always_off')).toEqual({ followsParent: false, ratio: 0 });
});

function read(OTEL_TRACES_SAMPLER: string, OTEL_TRACES_SAMPLER_ARG?: string): Sampling {
  return readSampling({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }, () => undefined);
}
