import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startOllamaSim } from './sim.ts';

const MAIN = `import { main } from ${JSON.stringify(join(import.meta.dirname, 'cli.ts'))}; await main(process.argv.slice(1));`;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', MAIN, '--', ...args], {
    stdio: 'pipe',
  });
  children.push(child);
  const output = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (output.out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output.err += part.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, ended };
}

it('prints one ready line, and exits with 0 when stdin ends', async () => {
  const { child, output, ended } = run('--port', '0', '--json', '--exit-with-stdin');
  await once(child.stdout, 'data');
  const ready = JSON.parse(output.out) as { event: string; url: string; pid: number };
  expect(ready).toEqual({
    event: 'ready',
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    pid: child.pid,
  });
  expect((await fetch(ready.url)).status).toBe(200);
  child.stdin.end();
  expect(await ended).toBe(0);
});

it('exits with 0 at once on SIGTERM and cuts streams', async () => {
  const { child, output, ended } = run('--port', '0', '--load-ms', '0');
  await once(child.stdout, 'data');
  const url = /http:\S+/.exec(output.out)?.[0] ?? '';
  const body = JSON.stringify({ model: 'sim-count', prompt: 'go' });
  const response = await fetch(`${url}/api/generate`, { method: 'POST', body });
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  await expect(response.text()).rejects.toThrow();
});

it('reports wrong usage in one line and exits with 2', async () => {
  const { output, ended } = run('--nope');
  expect(await ended).toBe(2);
  expect(output.err).toBe("ollama-sim: Unknown option '--nope'\n");
  const wrong = run('--slots', 'many');
  expect(await wrong.ended).toBe(2);
  expect(wrong.output.err).toBe('ollama-sim: --slots: not a number: many\n');
});

it('exits with 4 when the port is taken', async () => {
  const sim = await startOllamaSim({ loadMs: 0 });
  const { ended } = run('--port', String(sim.port));
  expect(await ended).toBe(4);
  await sim.close();
});

it('prints help with an example', async () => {
  const { output, ended } = run('--help');
  expect(await ended).toBe(0);
  expect(output.out).toContain('Example:\n  ollama-sim --port');
});

// Functions that Node 20 lacks. The types forbid them; this test finds uses that the types cannot find.
const LIKE_NODE_20 = `data:text/javascript,${encodeURIComponent(
  'delete Promise.withResolvers; delete Promise.try; delete Array.fromAsync; delete Object.groupBy; delete Map.groupBy; delete Iterator.prototype.map;',
)}`;

it('generates with only the functions of Node 20', async () => {
  const child = spawn(
    process.execPath,
    [
      '--import',
      LIKE_NODE_20,
      '--input-type=module',
      '--eval',
      MAIN,
      '--',
      '--port',
      '0',
      '--json',
      '--load-ms',
      '0',
    ],
    { stdio: 'pipe' },
  );
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  const ask = (path: string, body: object) =>
    fetch(url + path, { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(8_000) });
  const messages = [{ role: 'user', content: 'go' }];
  const chat = await ask('/api/chat', { model: 'sim-count', messages, options: { num_predict: 3 } });
  expect(await chat.text()).toContain('"done":true');
  const completion = await ask('/v1/completions', { model: 'sim-count', prompt: 'go', max_tokens: 3 });
  expect(completion.status).toBe(200);
});
