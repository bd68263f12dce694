// Runs one command of the tests with a time limit.
import { spawn } from 'node:child_process';

const shownKept = 65_536;
const pipesClosedWithinMs = 5_000;

/** Commands that run now. @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/**
 * Runs a tool in a process group of its own. Over the limit the whole group is ended.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, limitMs: number, output: 'show' | 'capture' }} options
 * @returns {Promise<{ code: number, late: boolean, stdout: string, output: string }>} `late`: ended by the limit;
 *   `output`: both streams, their last 64 Ki characters where they were shown as they came
 */
export function runCommand(command, args, { cwd, env, limitMs, output }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running.add(child);
    let stdout = '';
    let both = '';
    const show = (stream, text) => {
      if (output === 'capture') both += text;
      else {
        stream.write(text);
        both = (both + text).slice(-shownKept);
      }
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (output === 'capture') stdout += text;
      show(process.stdout, text);
    });
    child.stderr.setEncoding('utf8').on('data', (text) => show(process.stderr, text));
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
    // A process that the command left behind may hold the pipes open.
    child.once('exit', (code) => setTimeout(finish, pipesClosedWithinMs, code ?? 1).unref());
    child.once('close', (code) => finish(code ?? 1));
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
