import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attribute } from '@drover/telemetry';
import { recordingTracer } from '@drover/telemetry/testing';
import { expect, it } from 'vitest';
import { startStack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const chat = JSON.stringify({
  model: 'sim-count',
  messages: [{ role: 'user', content: 'a secret question' }],
  options: { num_predict: 5 },
});

it('records a request, its stages, and its work inside the Ollama as one trace of the client', async () => {
  const { tracer, spans } = recordingTracer();
  const stack = await startStack({ tracer });
  try {
    const response = await fetch(`${stack.gateway.url}/api/chat`, {
      method: 'POST',
      body: chat,
      headers: { traceparent },
    });
    await response.text();
    const named = (name: string) => spans().find((span) => span.name === name);
    await until(
      () => named('POST /api/chat') !== undefined && named('chat sim-count:latest') !== undefined,
      'spans',
    );

    const request = named('POST /api/chat');
    expect(request?.spanContext().traceId).toBe(traceId);
    expect(request?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
    expect(request?.attributes).toMatchObject({
      [attribute.httpStatus]: 200,
      [attribute.httpRoute]: '/api/chat',
      [attribute.genAiRequestModel]: 'sim-count:latest',
      [attribute.node]: 'host-0',
    });
    const inside = named('chat sim-count:latest');
    expect(inside?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(inside?.attributes).toMatchObject({
      [attribute.genAiOperation]: 'chat',
      [attribute.genAiProvider]: 'ollama',
      [attribute.genAiOutputTokens]: 5,
    });
    const children = spans().filter(
      (span) => span.parentSpanContext?.spanId === request?.spanContext().spanId,
    );
    expect(children.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'admission',
        'rate-limit',
        'health',
        'breaker',
        'queue',
        'attempt host-0/ollama',
        'chat sim-count:latest',
      ]),
    );
    expect(JSON.stringify(spans().map(({ attributes, events }) => [attributes, events]))).not.toContain(
      'secret',
    );
  } finally {
    await stack.end();
  }
});

const isShort = ({ name, attributes }: { readonly name: string; readonly attributes: object }): boolean =>
  name === 'POST /api/chat' && JSON.stringify(attributes).includes('"short"');

it('has the stages in their order: rate limit, health, breaker, queue, retry, each with a metric', async () => {
  const { tracer, spans } = recordingTracer();
  const stack = await startStack({ tracer, sims: [{ tokensPerSecond: 40 }, { tokensPerSecond: 40 }] });
  try {
    const ask = (id: string, tokens: number) =>
      fetch(`${stack.gateway.url}/api/chat`, {
        method: 'POST',
        headers: { 'x-drover-request-id': id },
        body: JSON.stringify({
          model: 'sim-count',
          messages: [{ role: 'user', content: 'count' }],
          options: { num_predict: tokens },
        }),
      });
    // Both hosts have the model loaded.
    await Promise.all(['one', 'two'].map(async (id) => (await ask(id, 2)).text()));
    // One host is busy and the other refuses: the request is refused there, and waits here.
    const long = await ask('long', 30);
    const busy = long.headers.get('x-drover-node');
    stack.sims[busy === 'host-0' ? 1 : 0]?.fault({ kind: '503', after: 0, times: 1 });
    await (await ask('short', 2)).text();
    await long.text();
    await until(() => spans().some(isShort), 'the spans');
    const request = spans().find(isShort)?.spanContext().spanId;
    const stages = spans().filter(
      ({ parentSpanContext: parent, name }) => parent?.spanId === request && !name.includes(' '),
    );
    const wanted = ['admission', 'rate-limit', 'health', 'breaker', 'queue', 'retry'];
    expect(stages.map(({ name }) => name)).toEqual(wanted);
    const startOf = (name: string): number => {
      const [seconds = 0, nanoseconds = 0] = stages.find((span) => span.name === name)?.startTime ?? [];
      return seconds * 1_000 + nanoseconds / 1e6;
    };
    const starts = wanted.slice(0, 5).map(startOf);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(startOf('retry')).toBeGreaterThanOrEqual(startOf('breaker'));
    const metrics = await (await fetch(`${stack.gateway.url}/metrics`)).text();
    for (const stage of wanted)
      expect(metrics).toMatch(new RegExp(`drover_stage_seconds_count\\{stage="${stage}"\\} [1-9]`));
  } finally {
    await stack.end();
  }
});

it("passes the client's trace on to the Ollama while nothing is recorded, and no text that is not one", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const ollama = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/api/chat') {
      seen.push(request.headers);
      response.setHeader('content-type', 'application/x-ndjson');
      return response.end('{"model":"m","message":{"role":"assistant","content":"x"},"done":true}\n');
    }
    const bodies: Record<string, string> = {
      '/api/tags': '{"models":[{"name":"m:latest","model":"m:latest","digest":"d","size":1}]}',
      '/api/ps': '{"models":[]}',
      '/api/version': '{"version":"0.33.0"}',
    };
    return response.end(bodies[request.url ?? ''] ?? 'Ollama is running');
  });
  await new Promise<void>((resolve) => void ollama.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(ollama.address() as AddressInfo).port}`;
  const stack = await startStack({ hosts: [url] });
  try {
    for (const given of [traceparent, `${traceparent}\t`, 'nonsense']) {
      const headers = { traceparent: given.trim() };
      const body = JSON.stringify({ model: 'm', messages: [] });
      await (await fetch(`${stack.gateway.url}/api/chat`, { method: 'POST', body, headers })).text();
    }
    expect(seen.map((headers) => headers['traceparent'])).toEqual([traceparent, traceparent, undefined]);
  } finally {
    await stack.end();
    ollama.close();
    ollama.closeAllConnections();
  }
});
