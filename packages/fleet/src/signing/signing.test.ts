import { createTestHub, createTestNode, ManualClock, settle } from '@drover/actor-core/testing';
import { expect, it } from 'vitest';
import type { RequestPrincipal, SignedPrincipal } from '../protocol/signed-principal.ts';
import { signedPrincipalSchema } from '../protocol/signed-principal.ts';
import { followSigners } from './known-signers.ts';
import { startPrincipalSigner } from './principal-signer.ts';
import { encodeAnnouncement } from './signer-announcement.ts';

const principal: RequestPrincipal = { keyId: '0123456789abcdef', tenant: 'acme', roles: ['user'] };

function setup() {
  const clock = new ManualClock();
  const hub = createTestHub({ clock });
  const node = (nodeId: string, role: 'gateway' | 'node-agent') =>
    createTestNode(hub, { nodeId, roles: [role] });
  const agent = node('agent', 'node-agent');
  const gateway = node('gw', 'gateway');
  const signers = followSigners(agent);
  return { clock, hub, node, agent, gateway, signers };
}

it('finds the signature of a gateway valid', async () => {
  const { gateway, signers } = setup();
  const signer = startPrincipalSigner(gateway);
  await settle();
  const signed = signer.sign(principal, 'agent');
  expect(signedPrincipalSchema.parse(signed)).toEqual(signed);
  expect(signers.judge(signed, 'acme')).toBe('valid');
  signer.stop();
});

it.each<[string, string, string, Partial<SignedPrincipal>]>([
  ['another node', 'other', 'acme', {}],
  ['another tenant beside the principal', 'agent', 'rival', {}],
  ['another tenant', 'agent', 'rival', { tenant: 'rival' }],
  ['more roles', 'agent', 'acme', { roles: ['admin'] }],
  ['another key', 'agent', 'acme', { keyId: 'fedcba9876543210' }],
  ['other bytes', 'agent', 'acme', { signature: new Uint8Array(64) }],
])('finds a signature forged that is used for %s', async (_what, to, tenant, change) => {
  const { gateway, signers } = setup();
  const signer = startPrincipalSigner(gateway);
  await settle();
  expect(signers.judge(signer.sign(principal, 'agent'), 'acme')).toBe('valid');
  expect(signers.judge({ ...signer.sign(principal, to), ...change }, tenant)).toBe('forged');
  signer.stop();
});

it('takes no signature of the key that a signer had before its restart', async () => {
  const { gateway, signers } = setup();
  const before = startPrincipalSigner(gateway);
  await settle();
  const signed = before.sign(principal, 'agent');
  expect(signers.judge(signed, 'acme')).toBe('valid');
  before.stop();
  const after = startPrincipalSigner(gateway);
  await settle();
  expect(signers.judge(signed, 'acme')).toBe('forged');
  expect(signers.judge(after.sign(principal, 'agent'), 'acme')).toBe('valid');
  after.stop();
});

it('does not take the key of one signer for the signature of another', async () => {
  const { gateway, node, signers } = setup();
  const signer = startPrincipalSigner(gateway);
  const thief = startPrincipalSigner(node('gw-2', 'gateway'));
  await settle();
  const stolen = { ...thief.sign(principal, 'agent'), signer: 'gw' };
  expect(signers.judge(stolen, 'acme')).toBe('forged');
  for (const one of [signer, thief]) one.stop();
});

it('takes requests without a signature until a signer says that the cluster has keys', async () => {
  const { gateway, signers } = setup();
  const signer = startPrincipalSigner(gateway);
  await settle();
  expect(signers.judge(undefined, 'acme')).toBe('unsigned');
  signer.require();
  await settle();
  expect(signers.judge(undefined, 'acme')).toBe('missing');
  signer.stop();
});

it('tells a signer that it has not heard from a forged signature, and hears of it within 5 s', async () => {
  const { clock, gateway, node } = setup();
  const signer = startPrincipalSigner(gateway);
  await settle();
  const late = followSigners(node('late', 'node-agent'));
  const signed = signer.sign(principal, 'late');
  // The signer has not heard of the new node, so it announces nothing before the request.
  expect(late.judge(signed, 'acme')).toBe('unknown-signer');
  clock.advance(5_000);
  await settle();
  expect(late.judge(signed, 'acme')).toBe('valid');
  signer.stop();
});

it('announces its key before its first request to a node that joined later', async () => {
  const { hub, gateway, node } = setup();
  const signer = startPrincipalSigner(gateway);
  await settle();
  const late = node('late', 'node-agent');
  const signers = followSigners(late);
  for (let turns = 0; turns < 50 && gateway.presence.member('late') === undefined; turns++) {
    hub.clock.advance(100);
    await settle();
  }
  const signed = signer.sign(principal, 'late');
  await settle();
  expect(signers.judge(signed, 'acme')).toBe('valid');
  signer.stop();
});

it('ignores what is no announcement, and a key that is none', async () => {
  const { gateway, signers } = setup();
  const subject = gateway.subjects.signer('gw');
  gateway.transport.publish(subject, new TextEncoder().encode('{'));
  gateway.transport.publish(subject, encodeAnnouncement({ key: 'AAAA', isRequired: false }));
  await settle();
  const signed = { ...principal, signer: 'gw', signature: new Uint8Array(64) };
  expect(signers.judge(signed, 'acme')).toBe('unknown-signer');
});
