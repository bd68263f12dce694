/** Most characters of one event. A stream that never ends an event is no stream of events. */
const maxEventLength = 1_000_000;

/** Reads server-sent events whose data is JSON, until the end of the stream or the signal. */
export async function readEvents(
  response: Response,
  signal: AbortSignal,
  onData: (data: unknown) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      if (text.length > maxEventLength) return;
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== undefined) onData(data);
      }
    }
  } catch (error) {
    // The connection broke, or the signal closed it.
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}

/** The data of one event; undefined for a comment and for what is no JSON. */
function dataOf(block: string): unknown {
  const lines = block.split('\n').filter((line) => line.startsWith('data:'));
  if (lines.length === 0) return undefined;
  try {
    return JSON.parse(lines.map((line) => line.slice('data:'.length)).join('\n'));
  } catch {
    return undefined;
  }
}
