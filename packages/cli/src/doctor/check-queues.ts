import { errorLine } from '../errors.ts';
import type { GatewayAddress } from '../gateway-client/gateway-address.ts';
import { listQueues, type QueueItem } from '../gateway-client/queue-api.ts';
import { printable } from '../output/figures.ts';
import { bad, type Check, good } from './check.ts';

/** Asks for the counts of all queues. Never throws: a failure is a finding. */
export async function checkQueues(gateway: GatewayAddress): Promise<Check> {
  try {
    return judgeQueues(await listQueues(gateway));
  } catch (error) {
    return bad(
      'queues',
      errorLine(error).replace(/^drover: /, ''),
      'look at the check "store": queues need JetStream and a host',
    );
  }
}

/** Whether messages wait for a person. Pure. */
export function judgeQueues(queues: readonly QueueItem[]): Check {
  const dead = queues.filter((queue) => (queue.dead ?? 0) > 0);
  if (dead.length > 0)
    return bad(
      'queues',
      printable(`dead: ${dead.map((queue) => `${queue.dead} in ${queue.name}`).join(', ')}`),
    );
  const waiting = queues.reduce((sum, { depth = 0 }) => sum + depth, 0);
  return good('queues', `${queues.length} in use, ${waiting} messages wait, none is dead`);
}
