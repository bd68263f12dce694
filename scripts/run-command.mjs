// Runs one command of the tests with a time limit.
import { spawn } from 'node:child_process';

/** Commands that run now. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * Runs a tool in a process group of its own. Over the limit the whole group is ended.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, limitMs: number, output: 'inherit' | 'capture' }} options
 * @returns {Promise<{ code: number, late: boolean, stdout: string, output: string }>} `late`: ended by the limit;
 *   `output`: both streams, as far as they were captured
 */
export function runCommand(command, args, { cwd, env, limitMs, output }) {
  return new Promise((resolve) => {
    const stdio = output === 'capture' ? 'pipe' : 'inherit';
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', stdio, stdio], detached: true });
    running.add(child);
    let stdout = '';
    let both = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      both += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      both += text;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      both += `${command} ran longer than ${limitMs / 1000} s and is ended\n`;
      killGroup(child.pid, 'SIGTERM');
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), 5_000).unref();
    }, limitMs);
    const finish = (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, late, stdout, output: both });
    };
    child.once('error', (error) => {
      both += `${command}: ${error.message}\n`;
      finish(1);
    });
    child.once(output === 'capture' ? 'close' : 'exit', (code) => finish(code ?? 1));
  });
}

/** Ends every command that runs now. */
export function stopCommands() {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid, 'SIGTERM');
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}
