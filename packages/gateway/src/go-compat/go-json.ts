import { RequestFailure } from '../errors.ts';
import { JsonScanner } from './json-scanner.ts';

/**
 * Decodes a request body as Go's decoder does: the first JSON value is the body, everything after it and the
 * Content-Type are ignored, and errors have Go's texts, which clients know from Ollama.
 *
 * @param emptyText error text for a body without a value
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
 * @throws RequestFailure 400 for a body without a value
 */
export function beginScan(scan: JsonScanner, emptyText: string): JsonScanner {
  scan.skipSpace();
  if (scan.atEnd) throw new RequestFailure(400, 'invalid-json', emptyText);
  return scan;
}
