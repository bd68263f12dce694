import { z } from 'zod';
import type { ActorRef } from '../actor/actor-ref.ts';
import { receive } from '../actor/behaviour.ts';
import { props } from '../cell/create-props.ts';
import { systemClock } from '../clock/system-clock.ts';
import { silentLogger } from '../logger.ts';
import { joinCluster } from '../node/join-cluster.ts';
import { actorRefSchema } from '../remoting/actor-ref-schema.ts';

/** Message of the actor `echo` of this process, which answers with the same number. */
export interface Echo {
  readonly value: number;
  readonly replyTo: ActorRef<number>;
}

const protocol: z.ZodType<Echo> = z.object({ value: z.number(), replyTo: actorRefSchema<number>() });

/**
 * Runs as a separate process: `node echo-process.ts NATS_URL NODE_ID`. Prints `ready` when the actor can be reached.
 */
const [url, nodeId] = process.argv.slice(2);
if (url !== undefined && nodeId !== undefined) {
  const node = await joinCluster({
    nodeId,
    incarnation: systemClock.wallNow(),
    roles: ['host'],
    cell: 'test',
    nats: { servers: url },
    pid: process.pid,
    log: silentLogger,
  });
  node.system.spawn(
    props<Echo>(() => receive(({ value, replyTo }) => replyTo.tell(value)), { protocol }),
    'echo',
  );
  await node.transport.flush({ timeoutMs: 5_000 });
  process.stdout.write('ready\n');
  void node.system.terminated.then(() => node.leave());
}
