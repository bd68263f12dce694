import { z } from 'zod';

/** Says which runner options the node-agent replaced, such as `num_ctx=8192 (asked 2048)`. */
export const runnerOptionsHeader = 'x-drover-runner-options';

/** Headers of a host's answer, by their names in lower case. */
export type PassedHeaders = Readonly<Record<string, string>>;

/**
 * Headers of a host's answer that are passed to the client. All other headers concern the connection to the host
 * (`content-length`, `connection`, `date`), credentials that are not the client's (`www-authenticate`, `set-cookie`),
 * or a machine's identity (`server`, `via`, `location`).
 */
export const passedHeaders: readonly string[] = [
  runnerOptionsHeader,
  'retry-after',
  'retry-after-ms',
  'warning',
  'deprecation',
  'sunset',
];

const maxValueChars = 256;
const maxHeaders = 16;
/** The characters that a header may have: visible ASCII and spaces. */
const headerText = /^[\x20-\x7e]+$/;

/** Accepts unknown names from newer versions: only `passedHeaders` are ever written to a client. */
export const passedHeadersSchema: z.ZodType<PassedHeaders> = z
  .record(z.string().max(64), z.string().max(maxValueChars).regex(headerText))
  .refine((headers) => Object.keys(headers).length <= maxHeaders, 'has too many headers');

/** Picks the headers that are passed on; undefined if there are none. Of a repeated header the first value is used. */
export function pickPassedHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): PassedHeaders | undefined {
  const picked: Record<string, string> = {};
  for (const name of passedHeaders) {
    const given = headers[name];
    const value = (Array.isArray(given) ? given[0] : given)?.trim() ?? '';
    if (value.length <= maxValueChars && headerText.test(value)) picked[name] = value;
  }
  return Object.keys(picked).length === 0 ? undefined : picked;
}
