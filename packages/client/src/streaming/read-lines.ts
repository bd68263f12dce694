import { InvalidAnswerError } from '../errors.ts';
import { type Outgoing, type Transport, translated } from '../http/transport.ts';

/** Longest line that is taken. */
const maxLineChars = 16 * 1024 * 1024;

/**
 * Sends a request and reads the lines of its answer as they come, without their ends. A stream in which nothing comes
 * for `idleTimeoutMs` is cut off. The request is sent when the first line is asked for, and ends with the loop.
 *
 * @throws RequestError, UnreachableError where the stream is cut, CallDeadlineError
 */
export async function* readLines(transport: Transport, outgoing: Outgoing): AsyncGenerator<string, void> {
  const { response, deadline } = await transport.open(outgoing);
  const { idleTimeoutMs } = transport.config;
  try {
    deadline.restart(idleTimeoutMs);
    if (response.body === null) return;
    const decoder = new TextDecoder();
    let rest = '';
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      deadline.restart(idleTimeoutMs);
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? '';
      if (rest.length > maxLineChars) throw new InvalidAnswerError(`a line is longer than ${maxLineChars}`);
      // The time in which the reader works on a line is no silence of the gateway.
      deadline.clear();
      yield* lines;
      deadline.restart(idleTimeoutMs);
    }
    if (rest !== '') yield rest;
  } catch (error) {
    throw translated(error, outgoing, deadline);
  } finally {
    deadline.abort();
  }
}
