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

/** How long a process that uses the id has to answer: longer than a living one's main loop stands still. */
const patienceMs = 2_000;
/** How long its announcement, which names its process, is waited for once it has answered. */
const announcementMs = 200;

/**
 * Asks whether a living process uses this node id: two of one id would take each other's messages. A process that ended
 * has no subscription any more, which NATS tells at once; one whose machine is gone is waited for in vain, for 2 s.
 *
 * @throws NodeIdTakenError a process answers
 * @see docs/decisions/0012-one-process-a-node-id.md
 */
export async function requireFreeId(
  nodeId: string,
  { transport, subjects, clock }: { transport: Transport; subjects: Subjects; clock: Clock },
): Promise<void> {
  const announced = Promise.withResolvers<{ readonly pid: number; readonly incarnation: number }>();
  const heard = transport.subscribe(subjects.presence(nodeId), ({ payload }) => {
    const said = decodeAnnouncement(payload);
    if (said !== undefined && !said.left) announced.resolve(said);
  });
  try {
    if (!(await answers(transport, subjects.inbox(nodeId, 'ping', nodeId)))) return;
    transport.publish(subjects.poll(nodeId), new Uint8Array(0));
    const late = new Promise<undefined>((resolve) =>
      clock.setTimer(announcementMs, () => resolve(undefined)),
    );
    throw new NodeIdTakenError(nodeId, await Promise.race([announced.promise, late]));
  } finally {
    heard.unsubscribe();
  }
}

async function answers(transport: Transport, subject: string): Promise<boolean> {
  try {
    await transport.request(subject, new Uint8Array(0), { timeoutMs: patienceMs });
    return true;
  } catch (error) {
    const isFree = error instanceof NoRespondersError || error instanceof RequestTimeoutError;
    // Cut off at this very moment: nothing is known, and the incarnation decides as before.
    if (isFree || error instanceof TransportDisconnectedError || error instanceof MessageTooLargeError)
      return false;
    throw error;
  }
}
