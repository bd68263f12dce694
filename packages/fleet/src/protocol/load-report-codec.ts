import { pack, unpack } from 'msgpackr';
import { type LoadReport, loadReportSchema } from './load-report.ts';

/** The report as it travels on `subjects.load(node)`. */
export function encodeLoadReport(report: LoadReport): Uint8Array {
  return pack(report);
}

/** Checks what came from the bus; a string says what is wrong with it. */
export function decodeLoadReport(payload: Uint8Array): LoadReport | string {
  let value: unknown;
  try {
    value = unpack(payload);
  } catch (error) {
    return `not msgpack: ${error instanceof Error ? error.message : String(error)}`;
  }
  const parsed = loadReportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join('.') || 'report'}: ${issue?.message ?? 'invalid'}`;
}
