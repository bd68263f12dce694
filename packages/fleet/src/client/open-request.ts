import type { ActorRef } from '@drover/actor-core';
import type { InstanceMessage } from '../protocol/instance-message.ts';
import type { SessionMessage } from '../protocol/session-message.ts';
import type { SignedPrincipal } from '../protocol/signed-principal.ts';
import type { StreamMessage } from '../protocol/stream-message.ts';
import { maxKeepMs, noTimeoutMs } from '../protocol/stream-open.ts';
import type { FleetRequest } from './fleet-client.ts';

/** Facts of a request for the instance's queue. */
export interface QueueFacts {
  /** Time since the request arrived at the fleet. */
  readonly waitedMs: number;
  /** Number of instances at which the request may wait. */
  readonly places: number;
  /** Learnt service time of the model, if any. */
  readonly serviceMs?: number | undefined;
}

/** Facts of one attempt for its `open`. */
export interface OpenFacts {
  readonly streamId: string;
  /** Rest of the request's time, above 0; `Infinity` for a request without a deadline. */
  readonly timeoutMs: number;
  /** Credit for the first lines. */
  readonly grantedThrough: number;
  /** Largest part: `bodyPartBytesFor` the bus. */
  readonly partBytes: number;
  readonly queue: QueueFacts;
  /** Undefined where nobody signs. */
  readonly principal?: SignedPrincipal | undefined;
  readonly replyTo: ActorRef<SessionMessage>;
}

/** The `open` of one attempt. It includes the body, unless the body is larger than a part: then `bodyPart`s follow. */
export function openMessage(request: FleetRequest, facts: OpenFacts): InstanceMessage {
  const { streamId, timeoutMs, grantedThrough, partBytes, queue, principal, replyTo } = facts;
  const { body, keepMs = 0, firstByteTimeoutMs = 0, interTokenTimeoutMs = 0 } = request;
  const small = bodyParts(body, partBytes) === 0;
  return {
    kind: 'open',
    open: {
      streamId,
      requestId: request.requestId,
      tenant: request.tenant ?? 'default',
      ...(principal === undefined ? {} : { principal }),
      priority: request.priority ?? 0,
      route: request.route,
      model: request.model,
      ...queue,
      timeoutMs: Math.min(timeoutMs, noTimeoutMs),
      ...(firstByteTimeoutMs > 0 ? { firstByteTimeoutMs } : {}),
      ...(interTokenTimeoutMs > 0 ? { interTokenTimeoutMs } : {}),
      ...(keepMs > 0 ? { keepMs: Math.min(keepMs, maxKeepMs) } : {}),
      ...(small ? { body } : { bodyBytes: body.byteLength }),
      grantedThrough,
    },
    replyTo,
  };
}

/** Takes over a kept stream instead of opening one. */
export function adoptMessage(request: FleetRequest, kept: string, facts: OpenFacts): InstanceMessage {
  const { streamId, grantedThrough, principal, replyTo } = facts;
  const { tenant = 'default' } = request;
  const signed = principal === undefined ? {} : { principal };
  return { kind: 'adopt', streamId: kept, as: streamId, ...signed, tenant, grantedThrough, replyTo };
}

/** How many `part`s follow the `open`: 0 when the body is in it. */
export function bodyParts(body: Uint8Array, partBytes: number): number {
  return body.byteLength <= partBytes ? 0 : Math.ceil(body.byteLength / partBytes);
}

/** Part `index` of the body, from 0. */
export function bodyPart(
  body: Uint8Array,
  partBytes: number,
  streamId: string,
  index: number,
): StreamMessage {
  const bytes = body.subarray(index * partBytes, (index + 1) * partBytes);
  return { kind: 'part', streamId, index, last: index + 1 === bodyParts(body, partBytes), bytes };
}
