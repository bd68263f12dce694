/**
 * Runs one program and stops it when `drover up` ends, even by SIGKILL: the IPC channel to the parent breaks then. The
 * guardian is a separate process (`node guardian.js PROGRAM ARGS…`), because a killed `drover up` cannot stop the
 * program itself.
 */
import { spawn } from 'node:child_process';

const graceMs = 1_500;

const [program, ...args] = process.argv.slice(2);
if (program === undefined || process.send === undefined || !process.connected) {
  process.stderr.write('this program is started by drover up\n');
  process.exit(2);
}

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('spawn', () => process.send?.({ type: 'started', pid: child.pid }));
child.once('error', (error) => {
  process.stderr.write(`${program} did not start: ${error.message}\n`);
  process.exit(3);
});
child.once('exit', (code, signal) => {
  process.exit(code ?? (signal === null ? 1 : 128));
});

function stopProgram(): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), graceMs);
}

process.once('disconnect', stopProgram);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stopProgram);
