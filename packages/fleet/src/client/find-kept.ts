import type { InstanceEvidence } from '../load/load-table.ts';
import {
  type FoundStream,
  foundStreamSchema,
  type InstanceMessage,
  instancePath,
} from '../protocol/instance-message.ts';
import type { KeptPlace, SessionShared } from './call-record.ts';
import type { FleetRequest } from './fleet-client.ts';
import { signFor } from './sign-request.ts';

/** Longest wait for the answers of the instances. */
const findTimeoutMs = 2_000;

/**
 * Asks every instance whether it keeps the stream of that request. The first one that does counts: a request is at one
 * instance at a time. Undefined where none answers that it does.
 */
export async function findKept(shared: SessionShared, request: FleetRequest): Promise<KeptPlace | undefined> {
  const asked = shared.load
    .instances()
    .filter(({ alive }) => alive)
    .map((evidence) => askInstance(shared, request, evidence));
  return await Promise.any(asked).catch(() => undefined);
}

/** @throws an error where that instance does not have it, or does not answer */
async function askInstance(
  shared: SessionShared,
  request: FleetRequest,
  evidence: InstanceEvidence,
): Promise<KeptPlace> {
  const { requestId, tenant = 'default' } = request;
  const { system } = shared.node;
  const instance = system.refFor<InstanceMessage>(evidence.node, instancePath(evidence.load.name));
  const principal = signFor(shared, { request }, evidence.node);
  const answer: unknown = await system.ask<InstanceMessage, FoundStream>(
    instance,
    (replyTo) => ({ kind: 'find', requestId, tenant, ...(principal && { principal }), replyTo }),
    { timeoutMs: findTimeoutMs },
  );
  const { streamId } = foundStreamSchema.parse(answer);
  if (streamId === undefined) throw new Error('the instance does not keep the stream');
  return { evidence, streamId };
}
