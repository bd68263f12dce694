import type { Logger } from '@drover/actor-core';
import { pino } from 'pino';

/** One line of the access log. Holds no content, no key and no header of the client. */
export interface AccessLine {
  readonly time: string;
  readonly requestId: string;
  /** W3C trace id; absent for a request without a trace. */
  readonly traceId?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly status: number;
  /** True: the client left before the end. */
  readonly gone?: true | undefined;
  readonly key?: string | undefined;
  readonly tenant: string;
  readonly client: string;
  readonly model?: string | undefined;
  readonly node?: string | undefined;
  readonly ms: number;
  readonly queuedMs?: number | undefined;
  readonly firstByteMs?: number | undefined;
  /** Bytes written to the connection, the head of the answer included. */
  readonly bytes: number;
}

export interface AccessLog {
  write(line: AccessLine): void;
  close(): void;
}

/** Lines that wait for a disk that is too slow; more are dropped. */
const maxWaitingBytes = 4 * 1024 * 1024;

/**
 * The access log: one line of JSON for each request. `-`: lines of the process's log, at the level `info`. Undefined
 * for an empty name.
 */
export function openAccessLog(file: string, log: Logger): AccessLog | undefined {
  if (file === '') return undefined;
  if (file === '-') return { write: (line) => log.info(line, 'request'), close: () => undefined };
  const stream = pino.destination({
    dest: file,
    append: true,
    mkdir: true,
    sync: false,
    minLength: 4_096,
    maxLength: maxWaitingBytes,
    periodicFlush: 1_000,
  });
  let failed = false;
  stream.on('error', (error: Error) => {
    if (!failed) log.warn({ file, error }, 'the access log cannot be written');
    failed = true;
  });
  return {
    write: (line) => void stream.write(`${JSON.stringify(line)}\n`),
    close: () => stream.end(),
  };
}
