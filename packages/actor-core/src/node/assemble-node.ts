import { createRuntime } from './create-actor-system.ts';
import type { Clock } from '../clock.ts';
import { NodeReplacedError } from '../errors.ts';
import { Inspector } from '../inspection/inspector.ts';
import type { Logger } from '../logger.ts';
import { HeartbeatPresence } from '../membership/heartbeat-presence.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Store } from '../storage/store.ts';
import type { Role, Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { ClusterNode } from './cluster-node.ts';

export interface NodeParts {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly roles: readonly Role[];
  readonly pid: number;
  readonly subjects: Subjects;
  readonly transport: Transport;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

/** Puts a node together on whatever bus and store it is given: the real ones or their twins. */
export function assembleNode(parts: NodeParts): ClusterNode {
  const { nodeId, incarnation, roles, pid, subjects, transport, store, clock, random, scheduler, log } =
    parts;
  // NATS lets an observer listen and nothing else: it announces nothing and no actor of it can be reached.
  const isMember = roles.some((role) => role !== 'observer');
  const system = { nodeId, incarnation, clock, random, scheduler, log };
  const runtime = createRuntime(isMember ? { ...system, bus: { transport, subjects } } : system);
  const presence = new HeartbeatPresence({
    node: nodeId,
    incarnation,
    pid,
    roles,
    transport,
    subjects,
    clock,
    log,
    isSilent: !isMember,
    onReplaced: ({ pid: newer }) => {
      const error = new NodeReplacedError(nodeId, newer);
      log.error({ err: error }, 'this node ends: another process took over its id');
      runtime.endFor(error);
    },
  });
  const unsubscribe = presence.onChange((member) => {
    if (member.node === nodeId) return;
    if (member.state === 'alive') runtime.remoting?.nodeUp(member.node, member.incarnation);
    else runtime.remoting?.nodeDown(member.node, member.incarnation, member.state === 'left');
  });
  presence.start();
  const inspector = new Inspector({
    node: nodeId,
    incarnation,
    clock,
    log,
    root: runtime.root,
    numbersGiven: () => runtime.uidsGiven,
    counters: () => runtime.counters(),
  });
  if (isMember) inspector.listen(transport, subjects);
  let leaving: Promise<void> | undefined;
  const leave = async () => {
    await runtime.shutdown();
    unsubscribe();
    inspector.close();
    presence.close();
    await transport.close();
  };
  return {
    nodeId,
    incarnation,
    roles,
    subjects,
    transport,
    store,
    system: runtime,
    presence,
    clock,
    random,
    log,
    inspect: (question) => inspector.inspect(question),
    leave: () => (leaving ??= leave()),
  };
}
