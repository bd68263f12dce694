import { type ActorRef, props, receive } from '@drover/actor-core';
import type { ClusterNode } from '@drover/actor-core/cluster';
import {
  type InstanceMessage,
  instancePath,
  type SessionMessage,
  sessionMessageSchema,
  type StreamOpen,
} from '@drover/fleet';

/** The session's end of one inner stream: records its messages and gives credit. */
export interface TestSession {
  readonly streamId: string;
  readonly received: readonly SessionMessage[];
  of<K extends SessionMessage['kind']>(kind: K): Extract<SessionMessage, { kind: K }>[];
  lines(): string[];
  /** The first `refused`, `end` or `fail`. */
  ending(): SessionMessage | undefined;
  send(message: InstanceMessage, lane?: 'control' | 'data'): void;
  cancel(): void;
  /** Confirms what arrived and gives credit for another window. */
  grant(): void;
  /** Stops confirming and granting. */
  fallSilent(): void;
  /** Stops its actor without a message. */
  die(): Promise<void>;
}

let sessions = 0;

export interface SessionOptions extends Partial<StreamOpen> {
  readonly instance?: string;
  /** Sends the body in parts of this size. */
  readonly partBytes?: number;
  /** Grants after each message. @default true */
  readonly grants?: boolean;
}

/** Opens a stream from `gateway` to an instance on `agentId`. */
export function openSession(
  gateway: ClusterNode,
  agentId: string,
  body: unknown,
  options: SessionOptions = {},
): TestSession {
  const { instance = 'one', partBytes, grants = true, ...overrides } = options;
  sessions += 1;
  const streamId = options.streamId ?? `stream-${sessions}`;
  const received: SessionMessage[] = [];
  const target = gateway.system.refFor<InstanceMessage>(agentId, instancePath(instance));
  const window = options.grantedThrough ?? 100;
  let silent = !grants;
  const send = (message: InstanceMessage, lane: 'control' | 'data' = 'control'): void =>
    target.tell(message, { lane });
  const confirmed = (): number => {
    const ending = received.find(({ kind }) => kind === 'end' || kind === 'fail');
    const lines = received.flatMap((message) => (message.kind === 'chunk' ? message.lines : [])).length;
    return lines + (ending === undefined ? 0 : 1);
  };
  const grant = (): void =>
    send({ kind: 'grant', streamId, through: confirmed() + window, received: confirmed() });
  const ref: ActorRef<SessionMessage> = gateway.system.spawn(
    props(
      () =>
        receive<SessionMessage>((message) => {
          received.push(message);
          if (!silent) grant();
        }),
      { protocol: sessionMessageSchema },
    ),
  );
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const open: StreamOpen = {
    streamId,
    requestId: streamId,
    tenant: 'default',
    priority: 0,
    route: 'generate',
    model: 'm',
    timeoutMs: 600_000,
    grantedThrough: window,
    ...(partBytes === undefined ? { body: bytes } : { bodyBytes: bytes.length }),
    ...overrides,
  };
  send({ kind: 'open', open, replyTo: ref }, 'data');
  const parts = partBytes === undefined ? 0 : Math.ceil(bytes.length / partBytes);
  for (let index = 0; index < parts; index += 1) {
    const at = index * (partBytes ?? 0);
    const piece = bytes.subarray(at, at + (partBytes ?? 0));
    send({ kind: 'part', streamId, index, last: index === parts - 1, bytes: piece }, 'data');
  }
  const of: TestSession['of'] = (kind) => received.filter((message) => message.kind === kind) as never;
  return {
    streamId,
    received,
    of,
    lines: () => of('chunk').flatMap(({ lines }) => lines),
    ending: () => received.find(({ kind }) => kind === 'refused' || kind === 'end' || kind === 'fail'),
    send,
    cancel: () => send({ kind: 'cancel', streamId, reason: 'cancelled by the test' }),
    grant,
    fallSilent() {
      silent = true;
    },
    die: () => gateway.system.stop(ref),
  };
}
