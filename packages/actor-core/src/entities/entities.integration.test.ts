import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive, same } from '../actor/behaviour.ts';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import type { ClusterNode } from '../node/cluster-node.ts';
import { joinCluster } from '../node/join-cluster.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { defineEntity, type Entity, type EntityKind } from './entity-definition.ts';
import { type Entities, startEntities } from './start-entities.ts';

interface Add {
  readonly amount: number;
  readonly replyTo: ActorRef<Written>;
}
interface Written {
  readonly outcome: string;
  readonly node: string;
  readonly activation: number;
}
/** A node with its entities, and the newest activations there. */
interface Member {
  readonly node: ClusterNode;
  readonly entities: Entities;
  readonly kind: EntityKind<Add>;
  readonly activations: Map<string, Entity>;
}

const protocol = z.object({ amount: z.number(), replyTo: actorRefSchema<Written>() });
const keys = ['a/b c', 'ä', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'];
let server: NatsServer;
let members: Member[];

async function start(nodeId: string): Promise<Member> {
  const node = await joinCluster({
    nodeId,
    incarnation: systemClock.wallNow(),
    roles: ['host'],
    cell: 'test',
    nats: { servers: server.url },
    pid: process.pid,
    log: silentLogger,
  });
  const activations = new Map<string, Entity>();
  const kind = defineEntity<Add>({
    type: 'account',
    protocol,
    behaviour: (entity) => {
      activations.set(entity.key, entity);
      return receive(async ({ amount, replyTo }) => {
        const outcome = await write(entity, amount);
        replyTo.tell({ outcome, node: nodeId, activation: entity.activation });
        return same;
      });
    },
  });
  const config = { shards: 2, stableMs: 500, rebalanceMs: 200 };
  const member = { node, entities: startEntities(node, { types: [kind], config }), kind, activations };
  members.push(member);
  return member;
}

async function write(entity: Entity, amount: number): Promise<string> {
  const payload = new TextEncoder().encode(String(amount));
  const { kind } = await entity.write({ subject: entity.subject('journal'), payload });
  return kind;
}

function add({ entities, kind }: Member, key: string): Promise<Written> {
  const ref = entities.ref(kind, key);
  return ref.ask<Written>((replyTo) => ({ amount: 1, replyTo }), { timeoutMs: 10_000 });
}

/** Asks until an answer comes. A question that was in flight when the server ended is lost. */
async function untilAnswered(member: Member, key: string): Promise<Written> {
  for (let attempt = 1; ; attempt++) {
    const answer = await add(member, key).catch((error: unknown) => {
      if (attempt === 5) throw error;
    });
    if (answer !== undefined) return answer;
  }
}

const activeOn = ({ entities, kind }: Member): number => entities.active(kind).length;

beforeEach(async () => {
  server = await startNatsServer();
  members = [];
  for (const name of ['n0', 'n1', 'n2']) await start(name);
});

afterEach(async () => {
  await Promise.all(members.map(({ node }) => node.leave()));
  await server.dispose();
});

describe('entities on a real nats-server', () => {
  it('answer from one node, whichever node asks', async () => {
    for (const key of keys) {
      const answers = [];
      for (const member of members) answers.push(await add(member, key));
      expect(answers.map(({ outcome }) => outcome)).toEqual(['written', 'written', 'written']);
      expect(new Set(answers.map(({ node }) => node)).size).toBe(1);
      expect(answers.every(({ activation }) => activation === 1)).toBe(true);
    }
    const activations = members.reduce((sum, member) => sum + activeOn(member), 0);
    expect(activations).toBe(keys.length);
  });

  it('let only the newest activation write', async () => {
    const [first] = members as [Member, Member, Member];
    const { node: holder } = await add(first, 'k1');
    const owner = members.find(({ node }) => node.nodeId === holder) as Member;
    const stale = owner.activations.get('k1') as Entity;
    const taken = { v: 1, type: 'account', key: 'k1', node: 'n9', incarnation: 1, epoch: 0, activation: 2 };
    const payload = new TextEncoder().encode(JSON.stringify({ ...taken, state: 'passive', atMs: 0 }));
    await owner.node.storage.writer.write(stale.log, {
      subject: stale.fence.subject,
      payload,
      replacesSubject: true,
    });
    expect(await write(stale, 1)).toBe('deposed');
    await waitUntil('the activation ends', () => stale.signal.aborted);
    const after = await add(owner, 'k1');
    expect(after).toMatchObject({ outcome: 'written', activation: 3 });
  });

  it('move to the other members when a node drains, and none of the questions fails', async () => {
    const [first, second] = members as [Member, Member, Member];
    for (const key of keys) await add(first, key);
    const isDrained = second.entities.drain();
    const answers = await Promise.all(keys.flatMap((key) => [add(first, key), add(second, key)]));
    await isDrained;
    expect(answers.every(({ outcome }) => outcome === 'written')).toBe(true);
    expect(activeOn(second)).toBe(0);
    for (const key of keys) expect((await add(second, key)).node).not.toBe('n1');
  });

  it('are removed with all their records', async () => {
    const [first, second] = members as [Member, Member, Member];
    for (const key of keys) await add(first, key);
    await Promise.all(keys.map((key) => second.entities.remove(second.kind, key)));
    const left = [];
    for (const log of ['ENT_test_0', 'ENT_test_1'])
      for await (const page of first.node.storage.log.readAllLast(log, 'd1.test.ent.*.account.>'))
        left.push(...page.map(({ subject }) => subject));
    expect(left).toEqual([]);
    expect(await add(first, 'k1')).toMatchObject({ activation: 1 });
  });

  it('answer again after nats-server was killed and started', async () => {
    const [first] = members as [Member, Member, Member];
    for (const key of keys) await add(first, key);
    await server.stop('SIGKILL');
    await server.start();
    await waitUntil('all nodes are connected', () => members.every(({ node }) => node.transport.connected));
    for (const key of keys) expect((await untilAnswered(first, key)).outcome).toBe('written');
  });
});
