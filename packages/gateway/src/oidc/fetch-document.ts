import type { Clock } from '@drover/actor-core';

/** Reads a small JSON document of the issuer. */
export type FetchDocument = (url: string) => Promise<unknown>;

const timeoutMs = 5_000;
const maxBytes = 1024 * 1024;

/**
 * Reads JSON with a deadline of 5 s and a bound of 1 MiB, without redirects: only the URL that the operator or the
 * issuer named is asked.
 *
 * @param ended aborts what is under way
 */
export function documentFetcher(clock: Pick<Clock, 'setTimer'>, ended: AbortSignal): FetchDocument {
  return async (url) => {
    const late = new AbortController();
    const timer = clock.setTimer(timeoutMs, () =>
      late.abort(new Error(`no answer within ${timeoutMs / 1_000} s`)),
    );
    try {
      const response = await fetch(url, {
        redirect: 'error',
        headers: { accept: 'application/json' },
        signal: AbortSignal.any([late.signal, ended]),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`${url} answered ${response.status}`);
      }
      return JSON.parse(await textOf(response, url)) as unknown;
    } finally {
      timer.cancel();
    }
  };
}

async function textOf(response: Response, url: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw new Error(`${url} answered more than ${maxBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
