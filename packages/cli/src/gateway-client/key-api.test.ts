import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOfSecret, parseAccessKey } from '@drover/gateway/keys';
import { afterEach, expect, it } from 'vitest';
import type { GatewayAddress } from './gateway-address.ts';
import { createKeyAt } from './key-api.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

interface Sent {
  readonly authorization: string | undefined;
  readonly body: { readonly id: string; readonly digest: string };
}

/** A gateway that does with each request what the next of `acts` does; the last one stays. */
async function gatewayThat(
  ...acts: ((response: ServerResponse, sent: Sent) => void)[]
): Promise<{ gateway: GatewayAddress; sent: readonly Sent[] }> {
  const sent: Sent[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const one = { authorization: request.headers.authorization, body: JSON.parse(text) as Sent['body'] };
      sent.push(one);
      (acts.length > 1 ? acts.shift() : acts[0])?.(response, one);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { gateway: { url: `http://127.0.0.1:${port}`, origin: 'the test', key: 'old' }, sent };
}

const cut = (response: ServerResponse): void => void response.destroy();
const take = (response: ServerResponse, { body: { id } }: Sent): void => {
  const view = { id, name: '', state: 'active', roles: ['user'], tenant: 'default', models: [], routes: [] };
  response.end(JSON.stringify({ ...view, createdAt: '2026-12-01T00:00:00.000Z' }));
};
const refuse = (response: ServerResponse): void => {
  response.statusCode = 401;
  response.end(JSON.stringify({ error: { code: 'key-invalid', message: 'no' } }));
};

it('keeps the secret of a new key here, and sends the same request again where an answer is lost', async () => {
  const { gateway, sent } = await gatewayThat(cut, take);
  const { key } = await createKeyAt(gateway, { name: 'ci' });
  const made = parseAccessKey(key);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  expect(sent[0]?.body).toEqual({ name: 'ci', id: made?.id, digest: digestOfSecret(made?.secret ?? '') });
});

it('uses the new key where the first one closed the door behind itself', async () => {
  const { gateway, sent } = await gatewayThat(cut, refuse, take);
  const { key } = await createKeyAt(gateway, {});
  expect(sent.map(({ authorization }) => authorization)).toEqual([
    'Bearer old',
    'Bearer old',
    `Bearer ${key}`,
  ]);
});

it('says that the outcome is not known, and what to do, where no answer comes at all', async () => {
  const { gateway, sent } = await gatewayThat(cut);
  await expect(createKeyAt(gateway, {})).rejects.toMatchObject({
    message: expect.stringMatching(/^it is not known whether .* took the key [0-9a-f]{16}/),
    fix: expect.stringContaining('drover key revoke'),
  });
  expect(sent).toHaveLength(2);
});

it('does not repeat what the gateway refuses', async () => {
  const { gateway, sent } = await gatewayThat(refuse);
  await expect(createKeyAt(gateway, {})).rejects.toMatchObject({ code: 'key-missing' });
  expect(sent).toHaveLength(1);
});
