import { connect } from 'node:net';
import type { Transcript, WireResponse } from './transcript.ts';

/** How long an answer may stay silent before it counts as none. */
const silenceMs = 5_000;

/** Sends a recorded request byte for byte and takes the answer apart without interpreting it. */
export async function replay(transcript: Transcript, port: number): Promise<WireResponse> {
  const { line, headers, body } = transcript.request;
  const sent = headers.map(
    ([name, value]) => `${name}: ${name === 'Host' ? `127.0.0.1:${port}` : value}\r\n`,
  );
  return parseResponse(
    await exchangeBytes(port, `${line}\r\n${sent.join('')}\r\n${body}`),
    line.startsWith('HEAD '),
  );
}

async function exchangeBytes(port: number, bytes: string): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(silenceMs, () => socket.destroy());
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts)));
  });
}

function parseResponse(bytes: Buffer, isHead: boolean): WireResponse {
  if (bytes.length === 0) return { status: 0, headers: [], end: 'silence', body: '' };
  const split = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, split).toString('latin1').split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const rest = bytes.subarray(split + 4);
  const find = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  if (isHead || status === 204) return { status, headers, end: 'no body', body: '' };
  if (find('transfer-encoding') === 'chunked') return { status, headers, ...joinChunks(rest) };
  const end = rest.length === Number(find('content-length') ?? Number.NaN) ? 'content-length' : 'cut';
  return { status, headers, end, body: rest.toString('utf8') };
}

function joinChunks(bytes: Buffer): { body: string; end: string } {
  const parts: Buffer[] = [];
  const result = (end: string): { body: string; end: string } => ({
    body: Buffer.concat(parts).toString('utf8'),
    end,
  });
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return result('cut');
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (size === 0) return result('last chunk');
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return result('cut');
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
