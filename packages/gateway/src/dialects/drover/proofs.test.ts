import { AgentsError } from '@drover/agents';
import { expect, it } from 'vitest';
import { noAgents } from '../../testing/no-agents.ts';
import { modelLoad } from '@drover/fleet/testing';
import { evidenceOf, oneHostFleet } from '../../testing/scripted-fleet.ts';
import { startScriptedGateway } from '../../testing/scripted-gateway.ts';

const proof = { node: 'host-1', term: 1, fence: 4, stream: 'S', writeMs: 2, readMs: 1 };
const host = { node: 'host-a', instance: evidenceOf('host-a').load.name };
const listing = (running: { name: string; context_length?: number }[]) => ({
  node: host.node,
  instance: host.instance,
  version: '0.31.1',
  tags: [{ name: 'm:latest', digest: 'd' }],
  running,
});

it('proves the leader’s store, and reports why a proof failed', async () => {
  let answer: () => Promise<object> = () => Promise.resolve({ ok: true, ...proof });
  const agents = { ...noAgents, proveStore: () => answer() as never };
  await using setup = await startScriptedGateway({ agents });
  expect(await (await setup.post('/api/v1/proofs/store', {})).json()).toEqual({ ok: true, ...proof });
  answer = () => Promise.reject(new AgentsError('store-full', 'its disk is full'));
  const response = await setup.post('/api/v1/proofs/store', {});
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ ok: false, code: 'store-full', message: 'its disk is full' });
});

it('requests one token of a loaded model from the given Ollama, with the loaded context length', async () => {
  const fleet = oneHostFleet();
  fleet.modelListings = [listing([{ name: 'm:latest', context_length: 8_192 }])];
  await using setup = await startScriptedGateway({ fleet });
  const asked = setup.post('/api/v1/proofs/host', host);
  const call = await fleet.next();
  expect(call.request).toMatchObject({ route: 'generate', model: 'm:latest', instance: host });
  expect(JSON.parse(call.body)).toMatchObject({ options: { num_predict: 1, num_ctx: 8_192 } });
  call.head();
  call.lines('{"response":"Hi","done":true}');
  call.end();
  expect(await (await asked).json()).toMatchObject({ ok: true, how: 'token', model: 'm:latest' });
});

it('reports the answer of a host that refuses, and the listing of a host without a loaded model', async () => {
  const fleet = oneHostFleet();
  fleet.modelListings = [listing([{ name: 'm:latest' }])];
  await using setup = await startScriptedGateway({ fleet });
  const asked = setup.post('/api/v1/proofs/host', host);
  const call = await fleet.next();
  call.head({ status: 503 });
  call.lines('{"error":"server busy"}');
  call.end();
  expect(await (await asked).json()).toMatchObject({
    ok: false,
    how: 'none',
    detail: 'm:latest answers 503: {"error":"server busy"}',
  });
  fleet.modelListings = [listing([])];
  expect(await (await setup.post('/api/v1/proofs/host', host)).json()).toMatchObject({
    ok: true,
    how: 'listing',
    detail: 'version 0.31.1, 1 models, none loaded',
  });
});

it('loads the smallest model on request, and answers 404 for an unknown host', async () => {
  const fleet = oneHostFleet();
  fleet.evidence = [evidenceOf('host-a', { models: [modelLoad({ name: 'm:latest' })] })];
  fleet.modelListings = [listing([])];
  await using setup = await startScriptedGateway({ fleet });
  const asked = setup.post('/api/v1/proofs/host', { ...host, load: true });
  const call = await fleet.next();
  expect(call.request.model).toBe('m:latest');
  call.fail('host-lost', 'it went away');
  expect(await (await asked).json()).toMatchObject({ ok: false, detail: 'm:latest: it went away' });
  const unknown = await setup.post('/api/v1/proofs/host', { ...host, node: 'nobody' });
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toMatchObject({ error: { code: 'node-not-found' } });
});

it('proves a model that only embeds by an embedding request', async () => {
  const fleet = oneHostFleet();
  fleet.modelListings = [listing([{ name: 'm:latest' }])];
  await using setup = await startScriptedGateway({ fleet });
  const asked = setup.post('/api/v1/proofs/host', host);
  const first = await fleet.next();
  first.head({ status: 400 });
  first.lines('{"error":"\\"m:latest\\" does not support generate"}');
  first.end();
  const second = await fleet.next();
  expect(second.request.route).toBe('embed');
  second.head({ status: 503 });
  second.lines('{"error":"server busy"}');
  second.end();
  expect(await (await asked).json()).toMatchObject({
    ok: false,
    detail: 'm:latest answers 503: {"error":"server busy"}',
  });
});
