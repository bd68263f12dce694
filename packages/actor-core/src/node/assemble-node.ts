import type { Clock } from '../clock.ts';
import { NodeDeclaredDeadError, NodeOutdatedError, NodeReplacedError } from '../errors.ts';
import { Inspector } from '../inspection/inspector.ts';
import type { Logger } from '../logger.ts';
import { type IncarnationIssuer, serveIncarnations } from '../membership/incarnation-issuer.ts';
import type { MemberMetadata } from '../membership/member-metadata.ts';
import { NodePresence } from '../membership/node-presence.ts';
import { observingDetector } from '../membership/observing-detector.ts';
import type { Pulse } from '../membership/pulse/pulse.ts';
import type { SwimConfig } from '../membership/swim/swim-config.ts';
// The failure detector of every member: another one is a change of this line.
import { swimDetector as memberDetector } from '../membership/swim-detector.ts';
import { followFates, hasEnded, isListed } from '../membership/view/node-fate.ts';
import { ViewFollower } from '../membership/view/view-follower.ts';
import { answerSightings } from '../membership/view/witness.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';
import type { NodeStorage } from '../storage/node-storage.ts';
import type { Role } from '../transport/roles.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';
import type { Reachability } from '../remoting/reachability.ts';
import { publishRemedies } from '../remedy/remedy-topic.ts';
import { Remoting } from '../remoting/remoting.ts';
import type { ClusterNode } from './cluster-node.ts';
import { createLocalSystem } from './create-actor-system.ts';

export interface NodeParts {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly roles: readonly Role[];
  readonly metadata: MemberMetadata;
  readonly pid: number;
  /** Times and sizes of the failure detector. */
  readonly membership: SwimConfig;
  /** Random source of the failure detector. @default `random` */
  readonly membershipRandom?: Random | undefined;
  /** Answers while the main loop is blocked; undefined where no other thread does. */
  readonly pulse?: Pulse | undefined;
  /** Issues incarnations to other nodes; undefined where this node has no store. */
  readonly issuer?: IncarnationIssuer | undefined;
  readonly subjects: Subjects;
  readonly transport: Transport;
  readonly storage: NodeStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

/** A node, and how it reaches the others; undefined for an observer. */
export interface AssembledNode {
  readonly node: ClusterNode;
  readonly reachability: Reachability | undefined;
  /** The latest incarnation of this node that others know, where that is later than this one; undefined otherwise. */
  readonly laterIncarnation: () => number | undefined;
}

/** Joins the parts of a node on the given bus and store: the real ones or their in-memory twins. */
export function assembleNode(parts: NodeParts): AssembledNode {
  const { nodeId, incarnation, roles, metadata, pid, pulse, subjects, transport } = parts;
  const { clock, random, scheduler, log } = parts;
  // An observer may only subscribe: it announces nothing, and its actors cannot be reached.
  const isMember = roles.some((role) => role !== 'observer');
  const system = createLocalSystem({ nodeId, incarnation, clock, random, scheduler, log });
  const view = new ViewFollower({ node: nodeId, transport, subjects, clock, log, mayAsk: isMember });
  const takesPart = (other: string) => isListed(view.current(), other);
  const remoting = isMember ? new Remoting(system.node, transport, subjects, takesPart) : undefined;
  if (remoting !== undefined) system.connect(remoting);
  let later: number | undefined;
  const presence = new NodePresence({
    detector: isMember ? memberDetector : observingDetector,
    node: nodeId,
    incarnation,
    facts: { pid, roles, metadata },
    transport,
    subjects,
    clock,
    random: parts.membershipRandom ?? random,
    log,
    config: parts.membership,
    hasPulse: () => pulse?.isRunning ?? false,
    onOutdated: ({ incarnation: known, witnesses, others }) => {
      later = Math.max(later ?? 0, known);
      // One member alone may be wrong: a node ends only when most of the others ignore it.
      if (others < 2 || 2 * witnesses <= others) return;
      const error = new NodeOutdatedError(nodeId, incarnation, known);
      log.error({ err: error }, 'this node ends: the others know a later incarnation of it');
      system.endFor(error);
    },
    onReplaced: ({ pid: newer }) => {
      const error = new NodeReplacedError(nodeId, newer);
      log.error({ err: error }, 'this node ends: another process took over its id');
      system.endFor(error);
    },
  });
  let leaving: Promise<void> | undefined;
  const unsubscribe = followFates({ nodeId, presence, view }, ({ node: other, incarnation: its, fate }) => {
    if (fate === 'runs' || fate === 'revived') remoting?.nodeUp(other, its, fate === 'revived');
    else remoting?.nodeDown(other, its, fate === 'ended');
  });
  presence.start();
  view.start();
  const witness = { node: nodeId, transport, subjects, presence, clock };
  const stopAnswering = isMember ? answerSightings(witness) : () => undefined;
  const stopObeying = view.onChange(({ epoch }) => {
    if (!hasEnded(view.current(), nodeId, incarnation) || leaving !== undefined) return;
    const error = new NodeDeclaredDeadError(nodeId, incarnation, epoch);
    log.error({ err: error }, 'this node ends: the cluster goes on without it');
    system.endFor(error);
  });
  const issuing = parts.issuer && serveIncarnations(transport, subjects, parts.issuer, clock, log);
  const inspector = new Inspector({
    node: nodeId,
    incarnation,
    clock,
    log,
    root: system.root,
    uidsGiven: () => system.node.actors.uidsGiven,
    counters: () => system.counters(),
  });
  if (isMember) inspector.listen(transport, subjects);
  const silence = isMember ? publishRemedies({ nodeId, transport, subjects, log, clock }, system) : undefined;
  const leave = async () => {
    await system.shutdown();
    silence?.();
    unsubscribe();
    inspector.close();
    stopAnswering();
    stopObeying();
    view.close();
    issuing?.unsubscribe();
    presence.close();
    await pulse?.close();
    await transport.close();
  };
  const node: ClusterNode = {
    nodeId,
    incarnation,
    roles,
    metadata,
    subjects,
    transport,
    storage: parts.storage,
    system,
    presence,
    view,
    clock,
    random,
    log,
    inspect: (question) => inspector.inspect(question),
    leave: () => (leaving ??= leave()),
  };
  return { node, reachability: remoting?.reachability, laterIncarnation: () => later };
}
