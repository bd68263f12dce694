import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcRunnerCpu } from './proc-runner-cpu.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Listens on a free port and starts a child named like a runner, which burns CPU for 150 ms when a line comes. */
const server = `
process.title = 'ollama';
const child = require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { stdio: ['pipe', 'pipe', 'inherit'] });
process.stdin.pipe(child.stdin);
child.stdout.pipe(process.stdout);
const listening = require('node:net').createServer().listen(0, '127.0.0.1', () =>
  process.stdout.write('port ' + listening.address().port + '\\n'));
process.stdin.on('end', () => process.exit(0));
`;
const runner = `
process.title = 'llama-server';
process.stdout.write('runs\\n');
process.stdin.on('data', () => {
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user < 150_000);
  process.stdout.write('burnt\\n');
});
process.stdin.on('end', () => process.exit(0));
`;

/** A process that looks like an Ollama with one runner to whoever reads `/proc`. */
async function startFakeServer() {
  const child = spawn(process.execPath, ['-e', server, runner], { stdio: ['pipe', 'pipe', 'inherit'] });
  ends.push(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await exited;
  });
  let said = '';
  const wakes: (() => void)[] = [];
  child.stdout.on('data', (packet: Buffer) => {
    said += packet.toString();
    for (const wake of wakes.splice(0)) wake();
  });
  const heard = async (text: string): Promise<string> => {
    for (;;) {
      const found = said.split('\n').find((line) => line.startsWith(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => wakes.push(resolve));
    }
  };
  await heard('runs');
  const port = Number((await heard('port ')).slice('port '.length));
  const burn = async (): Promise<void> => {
    child.stdin.write('x');
    await heard('burnt');
  };
  return { port, burn };
}

describe.runIf(process.platform === 'linux')('the runners out of /proc', () => {
  it('are the children of the Ollama that listens on the port, with the CPU time they use', async () => {
    const { port, burn } = await startFakeServer();
    const watch = createProcRunnerCpu(`http://127.0.0.1:${port}`);
    const before = await watch?.sample();
    expect(before).toHaveLength(1);
    await burn();
    const after = await watch?.sample();
    expect(after?.[0]?.pid).toBe(before?.[0]?.pid);
    expect((after?.[0]?.cpuMs ?? 0) - (before?.[0]?.cpuMs ?? 0)).toBeGreaterThanOrEqual(50);
  });

  it('are unknown where something else than an Ollama listens', async () => {
    expect(await createProcRunnerCpu('http://127.0.0.1:1')?.sample()).toBeUndefined();
  });
});

it('are not looked for on another machine', () => {
  expect(createProcRunnerCpu('http://192.0.2.1:11434')).toBeUndefined();
  expect(createProcRunnerCpu('https://ollama.example')).toBeUndefined();
});
