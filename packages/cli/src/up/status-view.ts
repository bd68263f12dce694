import { setTimeout as delay } from 'node:timers/promises';
import { statusLines } from '../output/status-lines.ts';
import type { StatusReport } from '../gateway-client/status-report.ts';
import { statusSummary } from '../output/status-table.ts';
import type { Terminal } from '../output/terminal.ts';

const refreshMs = 1_000;

/** Shows the state of the cluster until `signal`: on a terminal a block redrawn in place, else a line per change. */
export async function showStatus(url: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  let shown = '';
  while (!signal.aborted) {
    const report = await fetchStatus(url, AbortSignal.any([signal, AbortSignal.timeout(2_000)]));
    if (signal.aborted) break;
    const summary =
      report === undefined ? 'status: the gateway does not answer' : `status: ${statusSummary(report)}`;
    if (terminal.isTTY) terminal.block(report === undefined ? ['', summary] : block(report, terminal));
    else if (summary !== shown) terminal.line(summary);
    shown = summary;
    await delay(refreshMs, undefined, { signal }).catch(() => undefined);
  }
  terminal.block([]);
}

async function fetchStatus(url: string, signal: AbortSignal): Promise<StatusReport | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/status`, { signal });
    if (!response.ok) return undefined;
    return (await response.json()) as StatusReport;
  } catch {
    return undefined;
  }
}

function block(report: StatusReport, terminal: Terminal): string[] {
  const [header = '', ...rows] = statusLines(report, { width: terminal.columns - 1, more: terminal.more });
  return ['', terminal.style('dim', header), ...rows, terminal.style('dim', 'Ctrl-C stops')];
}
