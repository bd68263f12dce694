import { type ActorRef, type Behaviour, props, receive, setup } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import { resolveConfig } from '../config.ts';
import type { ModelListing } from '../protocol/model-listing.ts';
import { type InstanceMessage, instanceMessageSchema } from '../protocol/instance-message.ts';
import type { InstanceLoad, ModelLoad } from '../protocol/load-report.ts';
import { encodeLoadReport } from '../protocol/load-report-codec.ts';
import type { RefusalCode, SessionMessage } from '../protocol/session-message.ts';
import type { StreamOpen } from '../protocol/stream-open.ts';
import {
  createSender,
  decideSend,
  type SenderEvent,
  type SenderState,
  senderWakeAtMs,
} from '../stream/stream-sender.ts';
import { instanceLoad, modelLoad } from './evidence.ts';

/** One stream that a test drives: the real sending end, which the test feeds with events. */
export interface ScriptedStream {
  readonly open: StreamOpen;
  readonly body: Uint8Array;
  /** Reasons of the received cancels and of the aborts. */
  readonly cancels: string[];
  readonly state: SenderState;
  feed(event: SenderEvent): void;
  refuse(code: RefusalCode, retryAfterMs?: number): void;
}

export interface ScriptedInstanceOptions {
  readonly name?: string;
  readonly models?: readonly (Partial<ModelLoad> & { readonly name: string })[];
  readonly load?: Partial<InstanceLoad>;
  /** Whether received parts of a body are confirmed. @default true */
  readonly confirmsParts?: boolean;
  /** Called when the request is complete. @default nothing */
  readonly onOpen?: (stream: ScriptedStream) => void;
}

export interface ScriptedInstance {
  readonly streams: ScriptedStream[];
  readonly described: number;
  /** Number of received parts of bodies. */
  readonly partsReceived: number;
  /** Received messages about places in the queue. */
  readonly placeMessages: readonly PlaceMessage[];
  /** Offers a slot to the request that keeps this place. */
  offer(place: PlaceMessage & { readonly kind: 'reserve' }, offer: number): void;
  /** Sends a load report now; later reports keep `change`. */
  report(change?: Partial<InstanceLoad>): void;
  /** Stops all answers, like a frozen process. */
  freeze(): void;
}

/** Messages of a session about a place in a queue. */
export type PlaceMessage = Extract<InstanceMessage, { kind: 'reserve' | 'claim' | 'pass' }>;

type Input = InstanceMessage | { readonly kind: 'tick' } | { readonly kind: 'report' };

/** An instance of a node-agent for tests: the protocol is real, the answers of Ollama come from the test. */
export function scriptInstance(node: ClusterNode, options: ScriptedInstanceOptions = {}): ScriptedInstance {
  const name = options.name ?? 'ollama-1';
  const config = resolveConfig();
  const streams: ScriptedStream[] = [];
  const live = new Map<string, { stream: ScriptedStream; replyTo: ActorRef<SessionMessage> }>();
  const parts = new Map<string, Uint8Array[]>();
  const opens = new Map<string, { open: StreamOpen; replyTo: ActorRef<SessionMessage> }>();
  const placeMessages: PlaceMessage[] = [];
  let seq = 0;
  let described = 0;
  let partsReceived = 0;
  let frozen = false;
  const models = (options.models ?? [{ name: 'm:latest' }]).map(modelLoad);
  let load = instanceLoad({ name, simulated: true, models, ...options.load });

  const report = (change: Partial<InstanceLoad> = {}): void => {
    load = { ...load, ...change };
    if (frozen) return;
    const { nodeId, incarnation } = node;
    const bytes = encodeLoadReport({ v: 1, node: nodeId, incarnation, seq: ++seq, instances: [load] });
    node.transport.publish(node.subjects.load(nodeId), bytes);
  };

  const begin = (open: StreamOpen, replyTo: ActorRef<SessionMessage>, body: Uint8Array): void => {
    const { streamId } = open;
    const state = createSender(streamId, open.grantedThrough, config, node.clock.now());
    const stream: ScriptedStream = {
      open,
      body,
      state,
      cancels: [],
      feed: (event) => {
        if (event.kind === 'cancel') stream.cancels.push(event.reason);
        for (const effect of decideSend(state, event, node.clock.now())) {
          if (effect.kind === 'send' && !frozen) replyTo.tell(effect.message);
          if (effect.kind === 'abort') stream.cancels.push(effect.code);
          if (effect.kind === 'closed') live.delete(streamId);
        }
      },
      refuse: (code, retryAfterMs = 0) => {
        replyTo.tell({ kind: 'refused', streamId, code, message: `refused: ${code}`, retryAfterMs });
        live.delete(streamId);
      },
    };
    streams.push(stream);
    live.set(streamId, { stream, replyTo });
    options.onOpen?.(stream);
  };

  const handle = (message: Input): void => {
    if (frozen) return;
    switch (message.kind) {
      case 'open':
        if (message.open.body === undefined) {
          opens.set(message.open.streamId, message);
          parts.set(message.open.streamId, []);
          message.replyTo.tell({ kind: 'accepted', streamId: message.open.streamId, position: 0 });
        } else begin(message.open, message.replyTo, message.open.body);
        break;
      case 'part': {
        const received = parts.get(message.streamId);
        const waiting = opens.get(message.streamId);
        if (received === undefined || waiting === undefined) break;
        received.push(message.bytes);
        partsReceived += 1;
        if (options.confirmsParts !== false)
          waiting.replyTo.tell({ kind: 'parts', streamId: message.streamId, received: received.length });
        if (message.last) begin(waiting.open, waiting.replyTo, Buffer.concat(received));
        break;
      }
      case 'describe': {
        described += 1;
        const tags = load.models.map((model) => ({ name: model.name, digest: model.digest }));
        const answer: ModelListing = { instance: name, version: load.version, tags, running: [] };
        message.replyTo.tell(answer);
        break;
      }
      case 'report':
        report();
        break;
      case 'tick':
        for (const { stream } of live.values()) {
          if (node.clock.now() >= senderWakeAtMs(stream.state)) stream.feed({ kind: 'tick' });
        }
        break;
      case 'reserve':
      case 'claim':
      case 'pass':
        placeMessages.push(message);
        break;
      case 'find':
        message.replyTo.tell({ kind: 'found' });
        break;
      case 'adopt':
        break;
      default:
        live.get(message.streamId)?.stream.feed(message);
    }
  };

  node.transport.onConnectionChange((connected) => {
    for (const { stream } of live.values()) stream.feed({ kind: 'bus', connected });
    if (connected) report();
  });
  const instance = props<Input>(
    () =>
      setup<Input>((context): Behaviour<Input> => {
        context.setInterval('tick', 100, { kind: 'tick' });
        context.setInterval('report', 1_000, { kind: 'report' });
        report();
        return receive<Input>(handle);
      }),
    { protocol: instanceMessageSchema },
  );
  node.system.spawn(
    props<never>(() =>
      setup<never>((context) => {
        context.spawn(instance, name);
        return receive<never>(() => {});
      }),
    ),
    'instances',
  );
  return {
    streams,
    placeMessages,
    offer: ({ streamId, replyTo }, offer) => replyTo.tell({ kind: 'offer', streamId, offer }),
    get described() {
      return described;
    },
    get partsReceived() {
      return partsReceived;
    },
    report,
    freeze: () => {
      frozen = true;
    },
  };
}
