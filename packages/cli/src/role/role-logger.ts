import { type DestinationStream, pino } from 'pino';
import type { Logger } from '@drover/actor-core';
import type { LogLevel } from '../config.ts';
import { parseLogLine } from '../output/log-line.ts';
import { Terminal } from '../output/terminal.ts';

/** The log of a role. `flush` writes its last lines before the process ends. */
export interface RoleLog {
  readonly logger: Logger;
  /** Shows the lines of this level and above from now on. */
  readonly setLevel: (level: LogLevel) => void;
  readonly flush: () => void;
}

/** Largest backlog of log lines while the reader of the log is slow; further lines are dropped. */
const maxBacklogBytes = 1_000_000;

/** `auto`: text on a terminal, else JSON lines. */
export type LogFormat = 'auto' | 'text' | 'json';

export interface RoleLogOptions {
  readonly nodeId: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
}

/** Logs to stderr. */
export function createRoleLog({ nodeId, level, format }: RoleLogOptions): RoleLog {
  const options = { level, base: { node: nodeId } };
  const isText = format === 'text' || (format === 'auto' && process.stderr.isTTY);
  const terminal = new Terminal(process.stderr, process.env);
  if (isText && process.stderr.isTTY) {
    const logger = pino(
      options,
      asText(terminal, (text) => terminal.line(text)),
    );
    return { logger, setLevel: levelSetter(logger), flush: () => {} };
  }
  // Asynchronous, so that a stalled reader does not block the process.
  const destination = pino.destination({ dest: 2, sync: false, maxLength: maxBacklogBytes });
  const outlet = isText ? asText(terminal, (text) => void destination.write(`${text}\n`)) : destination;
  const logger = pino(options, outlet);
  return {
    logger,
    setLevel: levelSetter(logger),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // The reader has closed the stream.
      }
    },
  };
}

function levelSetter(logger: { level: string }): (level: LogLevel) => void {
  return (level) => {
    logger.level = level;
  };
}

/** Converts the JSON lines of pino to text lines. */
export function asText(terminal: Pick<Terminal, 'style'>, write: (line: string) => void): DestinationStream {
  return {
    write: (line: string) => {
      const { level, text } = parseLogLine(line);
      const time = new Date().toTimeString().slice(0, 8);
      const style = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;
      write(`${terminal.style('dim', time)} ${terminal.style(style[level], level.padEnd(5))} ${text}`);
    },
  };
}
