import type { Logger } from '@drover/actor-core';
import {
  type ClusterNode,
  joinCluster,
  type MembershipProfile,
  NodeIdTakenError,
  type Role,
} from '@drover/actor-core/cluster';
import { CommandError, exitCodes } from '../errors.ts';
import type { ClusterAddress } from './find-cluster.ts';
import type { NodeMetadata } from './node-metadata.ts';

/** What to do about two processes with the same node id. */
export const sharedIdFix = 'end one of the two, or give this one a name of its own with --id';

export interface JoinOptions {
  readonly id: string;
  readonly role: Role;
  readonly metadata: NodeMetadata;
  /** Time for the first connection to NATS; undefined: the default of the runtime. */
  readonly natsConnectTimeoutMs: number | undefined;
  /** Times of the failure detector. */
  readonly membership: MembershipProfile;
  /** Servers that keep a copy of each log; undefined: the default of the runtime. */
  readonly replicas: number | undefined;
}

/** Joins the cluster. @throws CommandError `node-id-taken`, or `nats-unreachable` */
export async function joinNode(
  { id, role, metadata, natsConnectTimeoutMs, membership, replicas }: JoinOptions,
  { cell, servers, creds, user, pass }: ClusterAddress,
  log: Logger,
): Promise<ClusterNode> {
  try {
    return await joinCluster({
      nodeId: id,
      roles: [role],
      metadata,
      cell,
      nats: { servers, creds, user, pass, connectTimeoutMs: natsConnectTimeoutMs },
      membership,
      pid: process.pid,
      ...(replicas === undefined ? {} : { replicas }),
      log,
    });
  } catch (error) {
    if (error instanceof NodeIdTakenError)
      throw new CommandError('node-id-taken', exitCodes.inUse, error.message, {
        fix: sharedIdFix,
        cause: error,
      });
    if ((error as { code?: unknown }).code !== 'connect-failed') throw error;
    throw new CommandError('nats-unreachable', exitCodes.missing, (error as Error).message, {
      fix: 'check that NATS runs there and that the credentials belong to this cluster',
      cause: error,
    });
  }
}
