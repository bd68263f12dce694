import type { Readable } from 'node:stream';
import type { Piece } from './rpc.ts';

/** A line or an event above this size ends the stream. */
const maxPieceChars = 16 * 1024 * 1024;

/**
 * The lines of a stream, or its server-sent events without comments, each once it is complete.
 *
 * @throws Error a piece is too long, or the stream broke
 */
export async function* readPieces(source: Readable, framing: 'lines' | 'events'): AsyncGenerator<Piece> {
  const separator = framing === 'lines' ? '\n' : '\n\n';
  let rest = '';
  source.setEncoding('utf8');
  for await (const chunk of source as AsyncIterable<string>) {
    const parts = (rest + chunk).split(separator);
    rest = parts.pop() ?? '';
    if (rest.length > maxPieceChars) throw new Error(`a piece of the stream is longer than ${maxPieceChars}`);
    for (const part of parts) {
      const piece = framing === 'lines' ? lineOf(part) : eventOf(part);
      if (piece !== undefined) yield piece;
    }
  }
  const last = framing === 'lines' ? lineOf(rest) : undefined;
  if (last !== undefined) yield last;
}

function lineOf(text: string): Piece | undefined {
  return text.trim() === '' ? undefined : { event: '', data: text };
}

function eventOf(text: string): Piece | undefined {
  let event = '';
  const data: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('event:')) event = line.slice('event:'.length).trim();
    else if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart());
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
