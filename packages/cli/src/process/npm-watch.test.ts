import { describe, expect, it } from 'vitest';
import { chainToNpm, isWhole } from './npm-watch.ts';
import type { ProcessFacts } from '../platform/proc.ts';

const npmPath = '/usr/lib/node_modules/npm/bin/npm-cli.js';

function table(...processes: readonly (readonly [pid: number, parent: number, ...command: string[]])[]) {
  const all = processes.map(([pid, parent, ...command]): ProcessFacts => ({ pid, parent, command }));
  // A system that shows other processes shows this one too.
  all.push({ pid: process.pid, parent: processes[0]?.[0] ?? 1, command: ['node'] });
  return (pid: number): ProcessFacts | undefined => all.find((one) => one.pid === pid);
}

describe('the processes that are watched', () => {
  it('are only npm when npm replaces the shell by the script (exec), without the shell that started npm', () => {
    const read = table([20, 10, 'npm start'], [10, 1, 'bash', 'start.sh']);
    expect(chainToNpm(20, npmPath, read)).toEqual([20]);
  });

  it('are the shell of the script and npm', () => {
    const read = table([30, 20, 'sh', '-c', 'drover up'], [20, 10, 'npm exec drover up'], [10, 1, '-bash']);
    expect(chainToNpm(30, npmPath, read)).toEqual([30, 20]);
  });

  it('include the launcher that an older Node needs', () => {
    const read = table(
      [40, 30, 'node', '/app/node_modules/.bin/drover', 'up'],
      [30, 20, 'sh', '-c', 'drover up'],
      [20, 10, 'npm exec drover up'],
    );
    expect(chainToNpm(40, npmPath, read)).toEqual([40, 30, 20]);
  });

  it('are found by the path of npm when the title of the process is not npm', () => {
    expect(chainToNpm(20, npmPath, table([20, 1, 'node', npmPath, 'start']))).toEqual([20]);
  });

  it.each([
    ['a person at a shell that was itself started by npm', table([20, 10, 'bash'], [10, 1, 'npm exec bash'])],
    ['a program that was itself started by npm', table([20, 10, 'node', 'vitest.mjs'], [10, 1, 'npm test'])],
    ['a process manager', table([20, 1, 'PM2 v5: God Daemon'])],
    ['init', table()],
  ])('are none when this process was started by %s', (_, read) => {
    expect(chainToNpm(20, npmPath, read)).toEqual([]);
  });

  it('are only the parent when the system shows no processes', () => {
    expect(chainToNpm(20, npmPath, () => undefined)).toEqual([20]);
  });
});

describe('the chain to npm', () => {
  const shell = [30, 20, 'sh', '-c', 'drover up'] as const;

  it('is whole while all its processes run, also when processes above npm end', () => {
    expect(isWhole([30, 20], 30, table(shell, [20, 1, 'npm exec']))).toBe(true);
    expect(isWhole([20], 20, table([20, 1, 'npm start']))).toBe(true);
  });

  it('is broken when the shell ended', () => {
    expect(isWhole([30, 20], 1, table([20, 10, 'npm exec']))).toBe(false);
  });

  it('is broken when npm ended and the shell went on', () => {
    expect(isWhole([30, 20], 30, table([30, 1, 'sh', '-c', 'drover up']))).toBe(false);
  });
});
