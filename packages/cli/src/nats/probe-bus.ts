import { connect, type Socket } from 'node:net';
import { fromSeed, parseCreds } from '@nats-io/jwt';

/** One operation on the bus that is tried. */
export interface BusAttempt {
  readonly verb: 'PUB' | 'SUB';
  readonly subject: string;
}

/** What the server answered. */
export interface BusAnswer {
  /** Whether the server took the connection. */
  readonly isAdmitted: boolean;
  /** Attempts that the server did not refuse. Empty without a connection. */
  readonly taken: readonly BusAttempt[];
}

/** Longest text of the server that is kept: its greeting and a refusal for each attempt. */
const maxTextLength = 262_144;

/**
 * Connects as a client of NATS, tries each operation, and disconnects. The messages are empty and ask for no answer.
 * The protocol is spoken here because its client reports a refused message to its log alone.
 *
 * @param creds text of a credentials file; without it the connection shows no credentials
 * @throws Error where the server gives no answer within `timeoutMs`
 */
export async function probeBus(
  { host, port }: { readonly host: string; readonly port: number },
  attempts: readonly BusAttempt[],
  { creds, timeoutMs }: { readonly creds?: string | undefined; readonly timeoutMs: number },
): Promise<BusAnswer> {
  const socket = connect({ host, port });
  const lines = new ServerLines(socket, timeoutMs);
  try {
    const greeting = await lines.until((line) => line.startsWith('INFO '));
    const nonce = (JSON.parse(greeting.slice(5)) as { readonly nonce?: string }).nonce ?? '';
    const options = {
      verbose: false,
      pedantic: false,
      lang: 'drover',
      version: '1',
      protocol: 1,
      headers: true,
    };
    const shown = creds === undefined ? {} : await signed(creds, nonce);
    socket.write(`CONNECT ${JSON.stringify({ ...options, ...shown })}\r\nPING\r\n`);
    const first = await lines.until((line) => line === 'PONG' || line.startsWith('-ERR'));
    if (first !== 'PONG') return { isAdmitted: false, taken: [] };
    for (const [index, { verb, subject }] of attempts.entries())
      socket.write(verb === 'PUB' ? `PUB ${subject} 0\r\n\r\n` : `SUB ${subject} ${index + 1}\r\n`);
    socket.write('PING\r\n');
    await lines.until((line) => line === 'PONG');
    const refused = (subject: string): boolean => lines.seen.some((line) => isRefusal(line, subject));
    return { isAdmitted: true, taken: attempts.filter(({ subject }) => !refused(subject)) };
  } finally {
    socket.destroy();
  }
}

function isRefusal(line: string, subject: string): boolean {
  return line.startsWith("-ERR 'Permissions Violation") && line.includes(`"${subject}"`);
}

async function signed(creds: string, nonce: string): Promise<{ jwt: string; sig: string }> {
  const encoder = new TextEncoder();
  const { key, jwt } = await parseCreds(encoder.encode(creds));
  const signature = fromSeed(encoder.encode(key)).sign(encoder.encode(nonce));
  return { jwt, sig: Buffer.from(signature).toString('base64url') };
}

/** The lines that the server sends. */
class ServerLines {
  readonly seen: string[] = [];
  #rest = '';
  #read = 0;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, timeoutMs: number) {
    const fail = (error: Error): void => {
      this.#failure ??= error;
      this.#wake();
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', fail);
    socket.once('close', () => {
      clearTimeout(timer);
      fail(new Error('the server closed the connection'));
    });
    socket.on('data', (text: string) => {
      const lines = (this.#rest + text).split('\r\n');
      this.#rest = lines.pop() ?? '';
      this.seen.push(...lines);
      if (this.#rest.length > maxTextLength) fail(new Error('the server does not speak NATS'));
      this.#wake();
    });
  }

  /** The next line that fits. @throws Error at the end of the connection or of the time */
  async until(fits: (line: string) => boolean): Promise<string> {
    for (;;) {
      while (this.#read < this.seen.length) {
        const line = this.seen[this.#read++] ?? '';
        if (fits(line)) return line;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
