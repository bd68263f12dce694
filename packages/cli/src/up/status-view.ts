import { setTimeout as delay } from 'node:timers/promises';
import { fetchGateway } from '../gateway-client/client-tls.ts';
import { keyHeaders } from '../gateway-client/key-headers.ts';
import { readLocalKey } from '../keys/keys-file.ts';
import { statusLines } from '../output/status-lines.ts';
import type { UpConfig } from '../config.ts';
import type { StatusReport } from '../gateway-client/status-report.ts';
import { statusSummary } from '../output/status-table.ts';
import type { Terminal } from '../output/terminal.ts';
import type { ReadyEvent } from './reporter.ts';

const refreshMs = 1_000;

/** Shows the state of the cluster until `signal`: on a terminal a block redrawn in place, else a line per change. */
export async function showStatus(
  { url, dataDir }: Pick<ReadyEvent, 'url' | 'dataDir'>,
  tls: UpConfig['tls'],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  let shown = '';
  while (!signal.aborted) {
    // The first key of the cluster may be made at any time.
    const key = readLocalKey(dataDir);
    const report = await fetchStatus(url, tls, key, AbortSignal.any([signal, AbortSignal.timeout(2_000)]));
    if (signal.aborted) break;
    const summary = typeof report === 'string' ? report : `status: ${statusSummary(report)}`;
    if (terminal.isTTY) terminal.block(typeof report === 'string' ? ['', report] : block(report, terminal));
    else if (summary !== shown) terminal.line(summary);
    shown = summary;
    await delay(refreshMs, undefined, { signal }).catch(() => undefined);
  }
  terminal.block([]);
}

/** The status, or one line that says why there is none. */
async function fetchStatus(
  url: string,
  tls: UpConfig['tls'],
  key: string | undefined,
  signal: AbortSignal,
): Promise<StatusReport | string> {
  try {
    const init = { signal, headers: keyHeaders(key) };
    const response = await fetchGateway(`${url}/api/v1/status`, init, { ...tls, isOwnGateway: true });
    if (response.status === 401) return 'status: the gateway asks for a key, and the data folder has none';
    return response.ok ? ((await response.json()) as StatusReport) : unanswered;
  } catch {
    return unanswered;
  }
}

const unanswered = 'status: the gateway does not answer';

function block(report: StatusReport, terminal: Terminal): string[] {
  const [header = '', ...rows] = statusLines(report, { width: terminal.columns - 1, more: terminal.more });
  return ['', terminal.style('dim', header), ...rows, terminal.style('dim', 'Ctrl-C stops')];
}
