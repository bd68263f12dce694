import { type ActorRef, props, receive, silentLogger } from '@drover/actor-core';
import { actorRefSchema, type ClusterNode, joinCluster } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { installedVersion } from '../../installed-version.ts';
import { type RemoteArm, type PairAddress, reportEvery, tellWindow } from '../remote-arm.ts';

const askTimeoutMs = 5_000;
const responderPath = 'responder';
/** Every question and every tell carries this trace context, as from a client with tracing. */
const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const message = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ask'),
    seq: z.number().int(),
    text: z.string().max(1024),
    replyTo: actorRefSchema<number>(),
  }),
  z.object({ kind: z.literal('tell'), seq: z.number().int(), text: z.string().max(1024) }),
  z.object({ kind: z.literal('report to'), listener: actorRefSchema<number>() }),
]);
type Message = z.infer<typeof message>;

/** Two nodes as `joinCluster` makes them: with membership, and a check of each message against its protocol. */
const drover: RemoteArm = {
  name: 'drover',
  path: 'joinCluster and refs with their defaults: msgpack frames, zod protocol at the edge, a W3C trace with every message, bounded mailbox, heartbeats; ask with a deadline',
  version: () => installedVersion('@drover/actor-core', import.meta.url),
  async respond(address) {
    const node = await join(address, 'responder');
    let handled = 0;
    let listener: ActorRef<number> | undefined;
    const behaviour = receive<Message>((received) => {
      if (received.kind === 'ask') return received.replyTo.tell(received.seq);
      if (received.kind === 'report to') listener = received.listener;
      else if (++handled % reportEvery === 0) listener?.tell(handled);
    });
    // The window of the sender is larger than the default mailbox limit of 1,000 messages.
    node.system.spawn(
      props(() => behaviour, { protocol: message, mailbox: { capacity: tellWindow } }),
      responderPath,
    );
    await node.transport.flush({ timeoutMs: askTimeoutMs });
    return { close: () => node.leave() };
  },
  async call(address) {
    const node = await join(address, 'caller');
    const responder = node.system.refFor<Message>(nodeId(address, 'responder'), responderPath);
    return {
      ask: (seq, text) =>
        node.system.ask<Message, number>(responder, (replyTo) => ({ kind: 'ask', seq, text, replyTo }), {
          timeoutMs: askTimeoutMs,
          trace,
        }),
      tell: (seq, text) => responder.tell({ kind: 'tell', seq, text }, { trace }),
      onHandled(listener) {
        const reports = node.system.spawn(
          props<number>(() => receive((handled) => listener(handled)), { protocol: z.number().int() }),
        );
        responder.tell({ kind: 'report to', listener: reports });
      },
      close: () => node.leave(),
    };
  },
};

export default drover;

function join(address: PairAddress, side: 'caller' | 'responder'): Promise<ClusterNode> {
  return joinCluster({
    nodeId: nodeId(address, side),
    incarnation: Date.now(),
    roles: ['host'],
    cell: 'bench',
    nats: { servers: address.natsUrl },
    pid: process.pid,
    log: silentLogger,
  });
}

function nodeId({ pair }: PairAddress, side: 'caller' | 'responder'): string {
  return `${side}-${pair}`;
}
