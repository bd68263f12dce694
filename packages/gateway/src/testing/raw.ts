import { connect } from 'node:net';

export interface RawAnswer {
  /** Status of the first answer. */
  readonly status: number;
  readonly text: string;
}

/** Sends bytes and reads until the other side closes. `fin`: closes the sending half after the bytes. */
export async function raw(
  port: number,
  bytes: string,
  { fin = false }: { readonly fin?: boolean } = {},
): Promise<RawAnswer> {
  const text = await new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      if (fin) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.on('data', (part) => parts.push(part));
    socket.on('end', () => socket.end());
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts).toString('utf8')));
  });
  return { status: Number(text.split(' ')[1]), text };
}
