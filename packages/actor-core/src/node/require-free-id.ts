import type { Clock } from '../clock.ts';
import {
  MessageTooLargeError,
  NodeIdTakenError,
  NoRespondersError,
  RequestTimeoutError,
  TransportDisconnectedError,
} from '../errors.ts';
import { decodeAnnouncement } from '../membership/announcement.ts';
import type { Subjects } from '../transport/subjects.ts';
import type { Transport } from '../transport/transport.ts';

/** Time for a process with this id to answer; longer than the usual stalls of an event loop. */
const answerMs = 2_000;
/** After an answer: time to wait for the announcement, which names the process. */
const announcementMs = 200;

/**
 * Checks that no running process uses this node id: two processes with one id would receive each other's messages. For
 * an ended process NATS reports at once that there is no subscriber; for a lost machine the check takes the full 2 s.
 *
 * @throws NodeIdTakenError when a process answers
 * @see docs/decisions/0012-one-process-a-node-id.md
 */
export async function requireFreeId(
  nodeId: string,
  { transport, subjects, clock }: { transport: Transport; subjects: Subjects; clock: Clock },
): Promise<void> {
  const announced = Promise.withResolvers<{ readonly pid: number; readonly incarnation: number }>();
  const subscription = transport.subscribe(subjects.presence(nodeId), ({ payload }) => {
    const announcement = decodeAnnouncement(payload);
    if (announcement !== undefined && !announcement.left) announced.resolve(announcement);
  });
  try {
    if (!(await answers(transport, subjects.inbox(nodeId, 'ping', nodeId)))) return;
    transport.publish(subjects.poll(nodeId), new Uint8Array(0));
    const late = new Promise<undefined>((resolve) =>
      clock.setTimer(announcementMs, () => resolve(undefined)),
    );
    throw new NodeIdTakenError(nodeId, await Promise.race([announced.promise, late]));
  } finally {
    subscription.unsubscribe();
  }
}

async function answers(transport: Transport, subject: string): Promise<boolean> {
  try {
    await transport.request(subject, new Uint8Array(0), { timeoutMs: answerMs });
    return true;
  } catch (error) {
    const isFree = error instanceof NoRespondersError || error instanceof RequestTimeoutError;
    // The connection broke during the check: the result is unknown, and the newer incarnation wins.
    if (isFree || error instanceof TransportDisconnectedError || error instanceof MessageTooLargeError)
      return false;
    throw error;
  }
}
