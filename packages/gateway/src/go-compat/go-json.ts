import { RequestFailure } from '../errors.ts';
import { JsonScanner } from './json-scanner.ts';

/**
 * Decodes a request body as Go's decoder does: the first JSON value counts, what follows it is not looked at, the
 * Content-Type neither, and a complaint is in Go's words (clients and people know these texts from Ollama).
 *
 * @param emptyText what the route says about a body without a value
 * @throws RequestFailure 400
 */
export function decodeGoJson(body: string, emptyText: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const scan = beginScan(new JsonScanner(body), emptyText);
    const start = scan.at;
    scan.skipValue();
    return JSON.parse(body.slice(start, scan.at));
  }
}

/**
 * Moves a scanner to the first value of a body.
 *
 * @throws RequestFailure 400 for a body without one
 */
export function beginScan(scan: JsonScanner, emptyText: string): JsonScanner {
  scan.skipSpace();
  if (scan.atEnd) throw new RequestFailure(400, 'invalid-json', emptyText);
  return scan;
}
