import type { FleetCall } from '@drover/fleet';
import { RequestFailure } from '../errors.ts';

/**
 * Reads an answer that is not a stream.
 *
 * @param hold called with the size of the answer so far; may throw to stop the reading
 * @throws FleetError; RequestFailure 502 if the answer is too long
 */
export async function readWholeAnswer(
  call: FleetCall,
  maxAnswerBytes: number,
  hold: (bytes: number) => void,
): Promise<string> {
  const pieces: string[] = [];
  let size = 0;
  for await (const lines of call.lines) {
    for (const line of lines) {
      size += line.length;
      if (size > maxAnswerBytes) {
        throw new RequestFailure(
          502,
          'bad-upstream',
          `the host's answer is longer than ${maxAnswerBytes} bytes`,
        );
      }
      hold(size);
      pieces.push(line);
    }
  }
  return pieces.join('\n');
}
