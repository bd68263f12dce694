import type { LogLevel } from '../config.ts';

/** One log line of a process as text. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

const severities: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export function isAtLeast(level: LogLevel, threshold: LogLevel): boolean {
  return severities.indexOf(level) >= severities.indexOf(threshold);
}

/** Reads a line from the stderr of a child: JSON of pino, the format of nats-server, or plain text, such as a crash. */
export function parseLogLine(line: string): LogLine {
  if (line.startsWith('{')) {
    const parsed = parsePino(line);
    if (parsed !== undefined) return parsed;
  }
  const nats = /^\[\d+\] \S+ \S+ \[(INF|WRN|ERR|FTL|DBG|TRC)\] (.*)$/.exec(line);
  if (nats !== null) return { level: natsLevels[nats[1] as keyof typeof natsLevels], text: nats[2] ?? '' };
  return { level: 'error', text: line };
}

const natsLevels = {
  INF: 'info',
  WRN: 'warn',
  ERR: 'warn',
  FTL: 'error',
  DBG: 'debug',
  TRC: 'debug',
} as const;

const omitted = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'node']);

function parsePino(line: string): LogLine | undefined {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof record['level'] !== 'number') return undefined;
  const level =
    record['level'] >= 50
      ? 'error'
      : record['level'] >= 40
        ? 'warn'
        : record['level'] >= 30
          ? 'info'
          : 'debug';
  const fields = Object.entries(record)
    .filter(([name]) => !omitted.has(name))
    .map(([name, value]) => `${name}=${short(value)}`);
  return { level, text: [typeof record['msg'] === 'string' ? record['msg'] : '', ...fields].join(' ') };
}

function short(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) return JSON.stringify(value.message);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
