import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcRunnerCpu } from './proc-runner-cpu.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/**
 * Listens on a free port and starts a child with the name of a runner, which uses the CPU for 150 ms after each line.
 */
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

/** A process that appears in `/proc` as an Ollama with one runner. */
async function startFakeServer() {
  const child = spawn(process.execPath, ['-e', server, runner], { stdio: ['pipe', 'pipe', 'inherit'] });
  ends.push(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await exited;
  });
  let output = '';
  const wakes: (() => void)[] = [];
  child.stdout.on('data', (packet: Buffer) => {
    output += packet.toString();
    for (const wake of wakes.splice(0)) wake();
  });
  const printed = async (text: string): Promise<string> => {
    for (;;) {
      const found = output.split('\n').find((line) => line.startsWith(text));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => wakes.push(resolve));
    }
  };
  await printed('runs');
  const port = Number((await printed('port ')).slice('port '.length));
  const burn = async (): Promise<void> => {
    child.stdin.write('x');
    await printed('burnt');
  };
  return { port, burn };
}

describe.runIf(process.platform === 'linux')('the runners in /proc', () => {
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

  it('are unknown when another program than Ollama listens', async () => {
    expect(await createProcRunnerCpu('http://127.0.0.1:1')?.sample()).toBeUndefined();
  });
});

/** A `/proc` with an Ollama of another user that has one child, and with a socket of `uid` on port 11434. */
async function fakeProc(uid: number, servers = 1): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'proc-'));
  ends.push(() => rm(root, { recursive: true }));
  const write = async (pid: number, name: string, parent: number): Promise<void> => {
    await mkdir(join(root, String(pid)));
    const zeros = '0 '.repeat(9);
    await writeFile(join(root, String(pid), 'stat'), `${pid} (${name}) S ${parent} ${zeros}7 5 0 0\n`);
  };
  for (let n = 1; n <= servers; n++) await write(n * 100, 'ollama', 1);
  await write(101, 'a (odd) name', 100);
  await mkdir(join(root, 'net'));
  const row = `0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000 ${uid} 0 4711 1`;
  await writeFile(join(root, 'net', 'tcp'), `sl local_address …\n   ${row}\n`);
  return root;
}

describe.runIf(process.platform === 'linux')('an Ollama of another user', () => {
  const uid = process.getuid?.() ?? 0;

  it('is the server if it is the only Ollama and the socket belongs to its user', async () => {
    const root = await fakeProc(uid);
    expect(await createProcRunnerCpu('http://127.0.0.1:11434', root)?.sample()).toEqual([
      { pid: 101, cpuMs: 120 },
    ]);
  });

  it.each([
    ['the socket belongs to another user, as that of a tunnel does', uid + 1, 1],
    ['there are two', uid, 2],
  ])('is not used when %s', async (_why, socketUid, servers) => {
    const root = await fakeProc(socketUid, servers);
    expect(await createProcRunnerCpu('http://127.0.0.1:11434', root)?.sample()).toBeUndefined();
  });
});

it('are not looked for on another machine', () => {
  expect(createProcRunnerCpu('http://192.0.2.1:11434')).toBeUndefined();
  expect(createProcRunnerCpu('https://ollama.example')).toBeUndefined();
});
