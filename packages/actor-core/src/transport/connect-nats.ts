import { connect, type ConnectionOptions, credsAuthenticator } from 'nats';
import type { Clock } from '../clock.ts';
import { ConnectError, InvalidArgumentError } from '../errors.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import { NatsTransport } from './nats-transport.ts';
import { inboxPrefix } from './subjects.ts';
import type { HeaderTransport } from './transport.ts';

const transportOptions = optionNames<NatsTransportOptions>({
  node: true,
  servers: true,
  creds: true,
  user: true,
  pass: true,
  connectTimeoutMs: true,
  clock: true,
  random: true,
  log: true,
});

/** Which servers a connection uses, and how it authenticates there. */
export interface NatsTransportOptions {
  /** Id of this node: names the connection, and the subjects of the replies that it receives. */
  readonly node: string;
  /** `host:port` of one or more servers of one NATS system. */
  readonly servers: readonly string[];
  /** Contents of a credentials file. */
  readonly creds?: string | undefined;
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  /** How long the first connection may take, all attempts together. @default 10_000 */
  readonly connectTimeoutMs?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Pause before an attempt to reconnect: `reconnectMs` and up to `reconnectJitterMs` more. */
const reconnectMs = 100;
const reconnectJitterMs = 150;
/** The connection counts as lost after two pings, sent this far apart, without an answer. */
const pingMs = 2_000;
const maxPingsOut = 2;
const defaultConnectTimeoutMs = 10_000;
const attemptTimeoutMs = 2_000;

/**
 * Opens a connection to NATS, which reconnects for ever. A server that is not ready yet is tried again until
 * `connectTimeoutMs` has passed; refused credentials fail at once.
 *
 * @throws ConnectError naming the servers and the failure of the last attempt
 */
export async function connectNats(options: NatsTransportOptions): Promise<HeaderTransport> {
  requireKnownOptions('options', options, transportOptions);
  if (options.servers.length === 0)
    throw new InvalidArgumentError('nats.servers', 'must name at least one server');
  const { clock, random } = options;
  const deadline = clock.now() + (options.connectTimeoutMs ?? defaultConnectTimeoutMs);
  for (;;) {
    try {
      const timeout = Math.max(1, Math.min(attemptTimeoutMs, deadline - clock.now()));
      return new NatsTransport(await connect({ ...connectionOptions(options), timeout }), options);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      const refused = /authorization|authentication|credential/i.test(detail);
      const waitMs = reconnectMs + reconnectJitterMs * random.next();
      if (refused || clock.now() + waitMs >= deadline)
        throw new ConnectError(options.servers, detail, { cause });
      await new Promise<void>((resolve) => clock.setTimer(waitMs, resolve));
    }
  }
}

function connectionOptions({
  node,
  servers,
  creds,
  user,
  pass,
  random,
}: NatsTransportOptions): ConnectionOptions {
  return {
    name: node,
    servers: [...servers],
    inboxPrefix: inboxPrefix(node),
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => reconnectMs + reconnectJitterMs * random.next(),
    pingInterval: pingMs,
    maxPingOut: maxPingsOut,
    // A server that starts may refuse credentials until it has read its list of users.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(creds === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
  };
}
