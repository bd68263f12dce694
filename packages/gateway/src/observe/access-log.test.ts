import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startStack } from '../testing/stack.ts';
import { until } from '../testing/until.ts';

it('writes one line for each request, with its trace and without its content', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-access-'));
  const file = join(folder, 'logs', 'access.log');
  const stack = await startStack({ gateway: { accessLog: file } });
  const lines = (): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  try {
    await fetch(`${stack.gateway.url}/healthz`);
    await fetch(`${stack.gateway.url}/nowhere?token=hidden`);
    const answer = await fetch(`${stack.gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer hidden',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
      body: JSON.stringify({
        model: 'sim-count',
        stream: true,
        max_tokens: 3,
        messages: [{ role: 'user', content: 'hidden' }],
      }),
    });
    await answer.text();
    const requestId = answer.headers.get('x-drover-request-id');
    await until(() => lines().some((line) => line['requestId'] === requestId), 'the line of the request');

    expect(lines().find(({ path }) => path === '/nowhere')).toMatchObject({
      method: 'GET',
      route: '',
      status: 404,
      tenant: 'default',
    });
    expect(lines().find((line) => line['requestId'] === requestId)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      method: 'POST',
      route: '/v1/chat/completions',
      status: 200,
      model: 'sim-count:latest',
      node: 'host-0',
      ms: expect.any(Number) as number,
      queuedMs: expect.any(Number) as number,
      firstByteMs: expect.any(Number) as number,
      bytes: expect.any(Number) as number,
    });
    expect(lines().map(({ path }) => path)).not.toContain('/healthz');
    expect(readFileSync(file, 'utf8')).not.toContain('hidden');
  } finally {
    await stack.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
