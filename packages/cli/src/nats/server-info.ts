import { connect } from 'node:net';

/** What a nats-server says of itself in the first line of every connection. */
export interface ServerInfo {
  readonly version: string;
  readonly jetStream: boolean;
  readonly authRequired: boolean;
  /** Largest message it carries, bytes; an account of it may be allowed less. */
  readonly maxPayloadBytes: number;
}

/**
 * Connects, reads the `INFO` line and hangs up; needs no credentials.
 *
 * @throws Error nobody listens, nobody speaks NATS, or nothing came within `timeoutMs`
 */
export function readServerInfo(host: string, port: number, timeoutMs: number): Promise<ServerInfo> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let text = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.setEncoding('utf8');
    socket.once('error', fail);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('it closed the connection without a word of NATS'));
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end === -1) {
        if (text.length > 65_536 || !'INFO '.startsWith(text.slice(0, 5)))
          fail(new Error('it does not speak NATS'));
        return;
      }
      const info = parseInfoLine(text.slice(0, end));
      if (info === undefined) fail(new Error('it does not speak NATS'));
      else resolve(info);
      socket.destroy();
    });
  });
}

function parseInfoLine(line: string): ServerInfo | undefined {
  if (!line.startsWith('INFO ')) return undefined;
  try {
    const info = JSON.parse(line.slice(5)) as Record<string, unknown>;
    return {
      version: typeof info['version'] === 'string' ? info['version'] : '',
      jetStream: info['jetstream'] === true,
      authRequired: info['auth_required'] === true,
      maxPayloadBytes: typeof info['max_payload'] === 'number' ? info['max_payload'] : 1024 * 1024,
    };
  } catch {
    return undefined;
  }
}
