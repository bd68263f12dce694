import { adminJobsBucket, adminJobsOf } from '@drover/actor-core/cluster';
import { createTestHub, createTestNode, ManualClock, settle } from '@drover/actor-core/testing';
import { afterEach, expect, it } from 'vitest';
import { type AdminJob, adminJobKey } from './admin-job.ts';
import { followAdminJobs } from './admin-jobs.ts';
import { followSigners } from '../signing/known-signers.ts';
import { type PrincipalSigner, startPrincipalSigner } from '../signing/principal-signer.ts';
import { followNodeAdminJobs } from './node-admin-jobs.ts';
import { serveAdminJobs } from './serve-admin-jobs.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A watch that reports nothing. */
const silent = () => Promise.resolve({ next: 0, close: () => undefined });
const target = (node: string) => ({ node, instance: 'ollama-1' });

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const host = createTestNode(hub, { nodeId: 'host' });
  const gate = createTestNode(hub, { nodeId: 'gate', roles: ['gateway'] });
  const agentNode = createTestNode(hub, { nodeId: 'a', roles: ['node-agent'] });
  const nats = hub.bus.connect('nats');
  const jobs = followAdminJobs(gate);
  const taken: (readonly AdminJob[])[] = [];
  const signers = followSigners(agentNode);
  const taker = { take: (list: readonly AdminJob[]) => void taken.push(list), hasTaken: () => false };
  const asker = followNodeAdminJobs(agentNode, taker, signers);
  ends.push(
    () => signers.stop(),
    () => jobs.close(),
    () => asker.close(),
  );
  /** Lets what is ready happen, and time pass. */
  const pass = async (ms: number) => {
    for (let left = ms; left >= 0; left -= 100) {
      await settle(20);
      clock.advance(Math.min(100, left));
    }
  };
  const serve = (signer?: PrincipalSigner) => {
    const end = serveAdminJobs(host, undefined, signer);
    ends.push(end);
    return end;
  };
  const submit = (...nodes: string[]) =>
    jobs.submit({ operation: 'pull', model: 'm', request: {}, targets: nodes.map(target) });
  /** NATS announces each record; the logs in memory do not use the bus. */
  const announce = (node: string) =>
    nats.publish(adminJobsOf('test', node).replace('>', 'ollama-1.pull.m'), new Uint8Array(0));
  return { hub, host, gate, jobs, asker, taken, pass, serve, submit, announce };
}

it('gives a job to the node-agent of its host, which cannot read the store, and to no other', async () => {
  const { submit, serve, pass, taken, announce } = setup();
  serve();
  await pass(1_200);
  await submit('a', 'b');
  announce('a');
  await pass(200);
  expect(taken.at(-1)).toMatchObject([{ node: 'a', operation: 'pull', model: 'm', state: 'waiting' }]);
});

it('tells the gateway what a node-agent reports', async () => {
  const { submit, serve, pass, asker, jobs } = setup();
  serve();
  await pass(1_200);
  const [job] = (await submit('a')) as [AdminJob];
  const key = adminJobKey(job);
  const steps = [{ status: 'pulling x', digest: 'x', total: 9, completed: 3 }];
  const reported = asker.report({ key, id: job.id, event: 'begun', steps });
  await pass(200);
  expect(await reported).toBe('noted');
  expect(jobs.current(job)).toMatchObject({ state: 'running', attempts: 1, steps });
  const ended = asker.report({ key, id: job.id, event: 'done', steps: [] });
  await pass(200);
  expect(await ended).toBe('noted');
  expect(jobs.current(job)).toMatchObject({ state: 'done', steps });
});

it('joins two submissions of the same, and begins anew after the end', async () => {
  const { submit, serve, pass, asker } = setup();
  serve();
  await pass(1_200);
  const [first] = (await submit('a')) as [AdminJob];
  const [second] = (await submit('a')) as [AdminJob];
  expect(second.id).toBe(first.id);
  const done = asker.report({ key: adminJobKey(first), id: first.id, event: 'done', steps: [] });
  await pass(200);
  await done;
  const [third] = (await submit('a')) as [AdminJob];
  expect(third.id).not.toBe(first.id);
});

it('joins at a gateway that has just started and was told of no job yet', async () => {
  const { hub, submit, serve, pass, asker } = setup();
  serve();
  await pass(1_200);
  const first = await submit('a', 'b');
  const done = asker.report({
    key: adminJobKey(first[0] as AdminJob),
    id: first[0]?.id ?? '',
    event: 'done',
    steps: [],
  });
  await pass(200);
  await done;
  const started = createTestNode(hub, { nodeId: 'new', roles: ['gateway'] });
  const { keyValue } = started.storage;
  const open = async (name: string) => {
    const bucket = await keyValue.open(name);
    return {
      get: (key: string) => bucket.get(key),
      create: bucket.create.bind(bucket),
      update: bucket.update.bind(bucket),
      watch: silent,
    } as unknown as typeof bucket;
  };
  const storage = { ...started.storage, keyValue: { ...keyValue, open } };
  const jobs = followAdminJobs(Object.create(started, { storage: { value: storage } }) as typeof started);
  ends.push(() => jobs.close());
  const targets = [target('a'), target('b')];
  const joining = jobs.submit({ operation: 'pull', model: 'm', request: {}, targets });
  await pass(2_500);
  expect((await joining).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
});

it('ends the work on a job that was cancelled', async () => {
  const { submit, serve, pass, asker, jobs } = setup();
  serve();
  await pass(1_200);
  const [job] = (await submit('a')) as [AdminJob];
  await pass(200);
  expect(await jobs.cancel(job.id)).toBe(true);
  await pass(200);
  expect(jobs.current(job)).toBeUndefined();
  const reported = asker.report({ key: adminJobKey(job), id: job.id, event: 'progress', steps: [] });
  await pass(200);
  expect(await reported).toBe('gone');
  expect(await jobs.cancel(job.id)).toBe(false);
});

it('refuses a report on the job of another node', async () => {
  const { submit, serve, pass, asker, jobs } = setup();
  serve();
  await pass(1_200);
  const [job] = (await submit('b')) as [AdminJob];
  const reported = asker.report({ key: adminJobKey(job), id: job.id, event: 'done', steps: [] });
  await pass(200);
  expect(await reported).toBe('gone');
  expect(jobs.current(job)).toMatchObject({ state: 'waiting' });
});

it('asks again until a host answers, and makes the bucket again after the store was lost', async () => {
  const { hub, submit, serve, pass, taken, asker } = setup();
  expect(await asker.report({ key: 'a.x', id: 'i', event: 'done', steps: [] })).toBeUndefined();
  await pass(3_000);
  expect(taken).toEqual([]);
  serve();
  await pass(2_000);
  expect(taken.at(-1)).toEqual([]);
  hub.logs.wipe();
  await pass(6_000);
  await submit('a');
  await pass(16_000);
  expect(taken.at(-1)).toMatchObject([{ node: 'a' }]);
  expect(adminJobsBucket('test')).toBe('ADMINJOBS_test');
});

it('takes the jobs of which a host has signed who submitted them, once the cluster has keys', async () => {
  const { host, gate, jobs, serve, pass, taken } = setup();
  const [gateway, signer] = [startPrincipalSigner(gate), startPrincipalSigner(host)];
  ends.push(
    () => gateway.stop(),
    () => signer.stop(),
  );
  gateway.require();
  const endUnsigned = serve();
  await pass(1_200);
  const principal = { keyId: '0123456789abcdef', tenant: 'acme', roles: ['operator'] };
  await jobs.submit({ operation: 'pull', model: 'm', request: {}, targets: [target('a')], principal });
  await pass(16_000);
  expect(taken.flat()).toEqual([]);
  endUnsigned();
  serve(signer);
  await pass(6_000);
  expect(taken.at(-1)).toMatchObject([{ operation: 'pull', model: 'm', principal }]);
});

it('leaves out a job whose principal somebody else has signed', async () => {
  const { hub, gate, jobs, serve, pass, taken } = setup();
  const thief = createTestNode(hub, { nodeId: 'b', roles: ['node-agent'] });
  const [gateway, stolen] = [startPrincipalSigner(gate), startPrincipalSigner(thief)];
  ends.push(
    () => gateway.stop(),
    () => stolen.stop(),
  );
  const claims: PrincipalSigner = {
    ...stolen,
    sign: (principal, to) => ({ ...stolen.sign(principal, to), signer: 'gate' }),
  };
  serve(claims);
  await pass(1_200);
  await jobs.submit({ operation: 'delete', model: 'm', request: {}, targets: [target('a')] });
  await pass(16_000);
  expect(taken.flat()).toEqual([]);
});
