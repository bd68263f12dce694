import { createFleetClient, startPrincipalSigner } from '@drover/fleet';
import { afterEach, expect, it } from 'vitest';
import { startRig, until } from './testing/agent-rig.ts';
import { ndjson, startFakeOllama } from './testing/fake-ollama.ts';

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const principal = { keyId: '0123456789abcdef', tenant: 'acme', roles: ['user'] };

/** A node-agent that has heard from a gateway that the cluster has keys, or not. */
async function setup({ hasKeys }: { readonly hasKeys: boolean }) {
  const ollama = await startFakeOllama(({ response }) => {
    response.writeHead(200, ndjson);
    response.end('{"response":"hi"}\n{"done":true}\n');
  });
  ends.push(() => ollama.close());
  const rig = await startRig({ instances: [{ name: 'one', url: ollama.url, slots: 1 }] });
  ends.push(() => rig.end());
  const signer = startPrincipalSigner(rig.gateway);
  ends.push(() => signer.stop());
  if (hasKeys) signer.require();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  const open = (signed: Parameters<typeof rig.open>[1]) =>
    rig.open({ model: 'm', prompt: 'x' }, { streamId: 's1', requestId: 'r1', tenant: 'acme', ...signed });
  const signFor = (to: string) => signer.sign(principal, to);
  return { ollama, rig, signer, open, signFor };
}

async function endingOf(session: ReturnType<Awaited<ReturnType<typeof setup>>['open']>) {
  await until(() => session.ending() !== undefined, 'an ending');
  return session.ending();
}

it('serves a request without a signature while the cluster has no keys, as those of 0.3.0', async () => {
  const { open } = await setup({ hasKeys: false });
  expect(await endingOf(open({}))).toMatchObject({ kind: 'end' });
});

it('serves a signed request, and refuses one without a signature once the cluster has keys', async () => {
  const { open, signFor, ollama } = await setup({ hasKeys: true });
  expect(await endingOf(open({ streamId: 's0' }))).toMatchObject({
    kind: 'refused',
    code: 'instance-down',
    message: expect.stringContaining('no signed principal') as string,
  });
  expect(ollama.exchanges.filter(({ path }) => path === '/api/generate')).toEqual([]);
  expect(await endingOf(open({ principal: signFor('agent') }))).toMatchObject({ kind: 'end' });
});

it.each([false, true])(
  'refuses a signature that was made for another node or tenant (keys: %s)',
  async (hasKeys) => {
    const { open, signFor } = await setup({ hasKeys });
    const refused = { kind: 'refused', message: expect.stringContaining('does not fit') as string };
    expect(await endingOf(open({ principal: signFor('elsewhere') }))).toMatchObject(refused);
    expect(await endingOf(open({ principal: signFor('agent'), tenant: 'rival' }))).toMatchObject(refused);
  },
);

it('serves the requests of a fleet client that signs, with and without a principal', async () => {
  const { rig, signer } = await setup({ hasKeys: true });
  const client = createFleetClient(rig.gateway, { signer });
  const plain = createFleetClient(rig.gateway);
  ends.push(
    () => client.stop(),
    () => plain.stop(),
  );
  await rig.pass(2_000);
  const body = new TextEncoder().encode('{"model":"m","prompt":"x"}');
  const request = { route: 'generate', model: 'm', body } as const;
  for (const [requestId, facts] of [
    ['r1', { tenant: 'acme', principal }],
    ['r2', {}],
  ] as const) {
    const { head } = client.run({ ...request, ...facts, requestId }, new AbortController().signal);
    expect(await head).toMatchObject({ status: 200, node: 'agent' });
  }
  const refused = plain.run({ ...request, requestId: 'r3' }, new AbortController().signal).head;
  await expect(refused).rejects.toMatchObject({ code: 'no-host' });
});
