import { connect } from 'node:net';
import { type Chunk, isUnanswered, type Transcript, type WireResponse } from './transcript.ts';

/** Silence after which a server that is expected to send no answer has passed. */
const noAnswerMs = 300;
/** Silence after which an exchange counts as unanswered. */
const answerTimeoutMs = 5_000;

/** Length at which the recorder cut a request's body. */
const cutAtLength = 6_000;
const sentence = 'the big dog sees a quick bird . ';
/** Ends of the cut bodies that do not end with a string, by the name of the exchange. */
const cutTails: Readonly<Record<string, string>> = {
  'too-long-truncate-false': '", "truncate": false}',
  'over-context-native': '"}], "max_tokens": 6}',
  'over-context-native-stream': '"}], "max_tokens": 6, "stream": true}',
};

/** Sends a recorded request byte for byte, and splits the response into its parts without interpreting them. */
export async function replay(transcript: Transcript, port: number): Promise<WireResponse> {
  const { line, headers } = transcript.request;
  // The recording has `<port>` in place of the registry's port, so the body has another length than the recorded one.
  const body = wholeBody(transcript).replaceAll('<port>', '5000');
  const changed: Readonly<Record<string, string>> = {
    Host: `127.0.0.1:${port}`,
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const head = `${line}\r\n${headers.map(([name, value]) => `${name}: ${changed[name] ?? value}\r\n`).join('')}\r\n`;
  const received = await exchangeBytes(port, head + body, isUnanswered(transcript));
  if (received.length === 0)
    return { status_line: '(no response)', headers: [], end: 'TimeoutError', body: '' };
  return parseResponse(received, line.startsWith('HEAD '));
}

/**
 * The whole body of the request. The recorder cut long bodies. A long body repeats one sentence, so the missing middle
 * is filled with that sentence up to the recorded length; `cutTails` has the end.
 */
function wholeBody({ name, request }: Transcript): string {
  const recordedBytes = Number(request.headers.find(([key]) => key === 'Content-Length')?.[1] ?? 0);
  const { body } = request;
  if (body.length !== cutAtLength || recordedBytes <= cutAtLength) return body;
  const tail = cutTails[name] ?? '"}';
  const middle = sentence.repeat(Math.ceil((recordedBytes - cutAtLength) / sentence.length));
  return body.slice(0, body.lastIndexOf(sentence)) + middle.trimEnd() + tail;
}

function exchangeBytes(port: number, bytes: string, expectsNoAnswer: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(expectsNoAnswer ? noAnswerMs : answerTimeoutMs, () => socket.destroy());
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(parts)));
  });
}

/** Splits the bytes of one response into status line, headers and body. */
export function parseResponse(bytes: Buffer, isHead: boolean): WireResponse {
  const split = bytes.indexOf('\r\n\r\n');
  const [status_line = '', ...lines] = bytes.subarray(0, split).toString('latin1').split('\r\n');
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const rest = bytes.subarray(split + 4);
  const find = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
  if (isHead || status_line.includes(' 204 ')) return { status_line, headers, end: 'no body', body: '' };
  if (find('transfer-encoding') === 'chunked') return { status_line, headers, ...parseChunks(rest) };
  const length = Number(find('content-length') ?? Number.NaN);
  const end = rest.length === length ? 'content-length' : 'cut';
  return { status_line, headers, end, body: rest.toString('utf8') };
}

function parseChunks(bytes: Buffer): { chunks: readonly Chunk[]; end: string } {
  const chunks: Chunk[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return { chunks, end: 'cut' };
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (size === 0) return { chunks, end: 'last chunk' };
    const start = lineEnd + 2;
    if (bytes.length < start + size + 2) return { chunks, end: 'cut' };
    chunks.push({ data: bytes.subarray(start, start + size).toString('utf8') });
    at = start + size + 2;
  }
}
