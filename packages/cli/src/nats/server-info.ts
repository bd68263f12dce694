import { connect } from 'node:net';

/** Facts that a nats-server sends in the first line of every connection. */
export interface ServerInfo {
  readonly version: string;
  readonly jetStream: boolean;
  readonly authRequired: boolean;
  /** Largest message in bytes; an account can have a smaller limit. */
  readonly maxPayloadBytes: number;
}

/**
 * Connects, reads the `INFO` line and disconnects. Needs no credentials.
 *
 * @throws Error when nothing listens there, no NATS answers, or no answer came within `timeoutMs`
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
      reject(new Error('the server closed the connection without a NATS message'));
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end === -1) {
        if (text.length > 65_536 || !'INFO '.startsWith(text.slice(0, 5)))
          fail(new Error('the server does not speak NATS'));
        return;
      }
      const info = parseInfoLine(text.slice(0, end));
      if (info === undefined) fail(new Error('the server does not speak NATS'));
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
