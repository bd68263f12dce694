import { type DestinationStream, pino } from 'pino';
import type { Logger } from '@drover/actor-core';
import type { LogLevel } from '../config.ts';
import { parseLogLine } from '../output/log-line.ts';
import { Terminal } from '../output/terminal.ts';

/** A role's log and the way to get its last lines out before the process ends. */
export interface RoleLog {
  readonly logger: Logger;
  readonly flush: () => void;
}

/** Longest backlog kept while nobody reads the log; newer lines are dropped beyond it, never the process. */
const maxBacklogBytes = 1_000_000;

/** Logs to stderr: JSON lines for programs, plain lines for a person at a terminal. */
export function createRoleLog(nodeId: string, level: LogLevel): RoleLog {
  const options = { level, base: { node: nodeId } };
  if (process.stderr.isTTY) {
    return { logger: pino(options, readable()), flush: () => {} };
  }
  // Asynchronous: a reader that stalls must not stall the process.
  const destination = pino.destination({ dest: 2, sync: false, maxLength: maxBacklogBytes });
  return {
    logger: pino(options, destination),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // The stream was closed from the other side.
      }
    },
  };
}

function readable(): DestinationStream {
  const terminal = new Terminal(process.stderr, process.env);
  return {
    write: (line: string) => {
      const { level, text } = parseLogLine(line);
      const time = new Date().toTimeString().slice(0, 8);
      const word = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;
      terminal.line(`${terminal.style('dim', time)} ${terminal.style(word[level], level.padEnd(5))} ${text}`);
    },
  };
}
