import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  cleanEnvironment,
  droverBin,
  joinRole,
  runDrover,
  startCluster,
  stopLeftovers,
} from '../lib/cluster.ts';
import { waitUntil } from '../lib/wait-until.ts';

// Settings by file, variable and flag through the whole system, and how commands find a running fleet.

let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drover-settings-'));
  const file = join(folder, 'drover.yaml');
  const catalogue = join(folder, 'catalogue');
  mkdirSync(catalogue);
  writeFileSync(
    join(catalogue, 'poet.md'),
    '---\nname: poet\ndescription: Writes verse; the one to take for a poem.\n---\nYou are a poet.\n',
  );
  writeFileSync(
    file,
    `sim: 1
max-body: 8KiB
origin:
  - https://chat.example
slots: 4
task-timeout: 0
catalogue: ${catalogue}
`,
  );
  cluster = await startCluster(['--config', file, '--allowed-host', 'ollama.example'], {
    env: { DROVER_MAX_STREAMS: '2', OLLAMA_KEEP_ALIVE: '90', DROVER_SIM: '1' },
  });
});

afterAll(async () => {
  await cluster.stop();
  await stopLeftovers();
  rmSync(folder, { recursive: true, force: true });
});

async function nodes(): Promise<readonly { id: string; state: string }[]> {
  const status = await fetch(`${cluster.url}/api/v1/status`);
  return ((await status.json()) as { nodes: { id: string; state: string }[] }).nodes;
}

/** Answer of a gateway to a web page from `origin`. */
async function statusFor(url: string, origin: string): Promise<number> {
  return (await fetch(`${url}/api/tags`, { headers: { origin } })).status;
}

/** Asks the counting model for that many tokens. */
async function count(tokens: number): Promise<Response> {
  return fetch(`${cluster.url}/api/generate`, {
    method: 'POST',
    body: JSON.stringify({ model: 'sim-count', prompt: 'count', options: { num_predict: tokens } }),
  });
}

/** Embeds a text, then returns for how many seconds the host keeps the model loaded. */
async function keptFor(body: object): Promise<number> {
  const answer = await fetch(`${cluster.url}/api/embed`, {
    method: 'POST',
    body: JSON.stringify({ model: 'sim-embed', input: 'x', ...body }),
  });
  expect(answer.status).toBe(200);
  const host = cluster.processOf('agent-1').ollamaUrl ?? '';
  const { models } = (await (await fetch(`${host}/api/ps`)).json()) as {
    models: { name: string; expires_at: string }[];
  };
  const found = models.find(({ name }) => name === 'sim-embed:latest');
  return (Date.parse(found?.expires_at ?? '') - Date.now()) / 1_000;
}

/** The only output line of a command that refuses its settings. */
async function refuse(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await runDrover(args, { env });
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
}

describe('a fleet', () => {
  it('applies the settings of its file in the processes that use them', async () => {
    expect(await statusFor(cluster.url, 'https://chat.example')).toBe(200);
    expect(await statusFor(cluster.url, 'https://other.example')).toBe(403);
    const large = await fetch(`${cluster.url}/api/chat`, { method: 'POST', body: 'x'.repeat(9_000) });
    expect(large.status).toBe(413);
  });

  it('applies the settings of environment variables', async () => {
    const running = await Promise.all([count(400), count(400)]);
    expect(running.map(({ status }) => status)).toEqual([200, 200]);
    const third = await count(1);
    expect(third.status).toBe(503);
    for (const response of running) await response.body?.cancel();
    await waitUntil('there is room again', async () => (await count(1)).ok);
  });

  it('runs agents from its own definitions, and its gateway lists those', async () => {
    const listed = await fetch(`${cluster.url}/api/v1/catalogue`);
    expect(await listed.text()).toContain('"poet"');
    const spawned = await fetch(`${cluster.url}/api/v1/agents/spawn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'poet', model: 'sim-chat' }),
    });
    expect(spawned.status).toBe(201);
  });

  it("applies OLLAMA_KEEP_ALIVE to requests without keep_alive, and keeps a request's own value", async () => {
    const byDefault = await keptFor({});
    expect(byDefault).toBeGreaterThan(60);
    expect(byDefault).toBeLessThanOrEqual(90);
    expect(await keptFor({ keep_alive: '20m' })).toBeGreaterThan(1_000);
  });
});

describe('a role started by hand', () => {
  it('accepts settings directly', async () => {
    const origin = ['--origin', 'https://second.example', '--id', 'gateway-2', '--port', '0'];
    const role = await joinRole(cluster, ['gateway', ...origin], 'gateway-2');
    await role.stop();
  });

  it.each([
    ['json', []],
    ['text', ['--log-format', 'text']],
  ])('writes %s logs into a pipe with the flags %j', async (format, flags) => {
    const args = ['gateway', '--id', `gateway-${format}`, '--port', '0', '--data', cluster.dataDir, ...flags];
    const child = spawn(process.execPath, [droverBin, ...args], { env: cleanEnvironment(), stdio: 'pipe' });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const line = await waitUntil('it is ready', () => /^.*\bready\b.*$/m.exec(log)?.[0]);
    child.kill('SIGTERM');
    await new Promise<void>((resolve) => child.once('exit', () => resolve()));
    expect(line.startsWith('{"level":30')).toBe(format === 'json');
    expect(/^\d\d:\d\d:\d\d info {2}ready url=http:/.test(line)).toBe(format === 'text');
  });

  it('exits with 4 on a port that is in use, and leaves no unreachable node behind', async () => {
    const port = new URL(cluster.url).port;
    const args = ['gateway', '--id', 'gateway-9', '--port', port, '--data', cluster.dataDir];
    const { code, stderr } = await runDrover(args);
    expect(code).toBe(4);
    expect(stderr).toContain(port);
    expect((await nodes()).map(({ id }) => id)).not.toContain('gateway-9');
  });

  it('leaves the cluster properly when it cannot start', async () => {
    const args = [
      'host',
      '--id',
      'host-9',
      '--catalogue',
      join(folder, 'nothing'),
      '--data',
      cluster.dataDir,
    ];
    const { code, stderr } = await runDrover(args);
    expect(code).not.toBe(0);
    expect(stderr).toContain('nothing');
    const found = (await nodes()).find(({ id }) => id === 'host-9');
    expect(['left', undefined]).toContain(found?.state);
  });
});

describe('a command about a fleet', () => {
  it.each(['status', 'actors', 'doctor'])(
    '%s finds the fleet by its data folder, on any port',
    async (command) => {
      const { stdout } = await runDrover([command, '--json', '--data', cluster.dataDir]);
      expect(stdout).toContain(command === 'doctor' ? `${cluster.url} answers` : 'gateway-1');
    },
  );

  it('finds the fleet by DROVER_DATA', async () => {
    const { code } = await runDrover(['status'], { env: { DROVER_DATA: cluster.dataDir } });
    expect(code).toBe(0);
  });

  it('reports which address it used, and why', async () => {
    const nowhere = await runDrover(['status', '--url', 'http://127.0.0.1:1']);
    expect(nowhere).toMatchObject({ code: 3 });
    expect(nowhere.stderr).toContain('http://127.0.0.1:1 (from --url)');
    const noFleet = await runDrover(['status', '--data', folder]);
    expect(noFleet).toMatchObject({ code: 3 });
    expect(noFleet.stderr).toContain(`no drover up runs with the data folder ${folder} (from --data)`);
  });
});

describe('an invalid setting', () => {
  it('refuses the start and names the key of the file with its line', async () => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, '{\n  "port": 0,\n  "max-bdoy": "1MiB"\n}\n');
    expect(await refuse(['up', '--config', file])).toContain(
      `${file}:3: max-bdoy is no setting (did you mean max-body?)`,
    );
  });

  it('refuses the start and names the variable or the flag', async () => {
    expect(await refuse(['up'], { DROVER_REQEST_TIMEOUT: '1m' })).toContain(
      'DROVER_REQEST_TIMEOUT is no setting of drover (did you mean DROVER_REQUEST_TIMEOUT?)',
    );
    expect(await refuse(['up', '--max-nodse', '3'])).toContain("'--max-nodse' (did you mean --max-nodes?)");
    expect(await refuse(['gateway', '--request-timeout', '30'])).toContain('a number needs its unit');
    expect(await refuse(['up', '--config', join(folder, 'missing.yaml')])).toContain('missing.yaml');
  });

  it('is found by config print without a fleet', async () => {
    expect(await refuse(['config', 'print', '--max-held', '1MiB'])).toContain(
      '--max-held must not be below max-body',
    );
  });
});

it('prints each value with its source, and no secret', async () => {
  const file = join(folder, 'print.yaml');
  writeFileSync(file, '# a comment\nslots: 4\n');
  const args = ['config', 'print', '--json', '--config', file, '--nats', 'nats://me:secret@bus:4222'];
  const { code, stdout } = await runDrover(args, { env: { DROVER_MAX_BODY: '1GiB', OLLAMA_ORIGINS: '*' } });
  expect(code).toBe(0);
  expect(stdout).not.toContain('secret');
  const lines = JSON.parse(stdout) as { key: string; value: string; source: string; at: string }[];
  const line = (key: string) => lines.find((one) => one.key === key);
  expect(line('slots')).toMatchObject({ value: '4', source: 'file', at: `${file}:2` });
  expect(line('max-body')).toMatchObject({ value: '1GiB', source: 'variable', at: 'DROVER_MAX_BODY' });
  expect(line('origin')).toMatchObject({ value: '*', source: 'variable', at: 'OLLAMA_ORIGINS' });
  expect(line('nats')).toMatchObject({ source: 'flag', at: '--nats' });
  expect(line('port')).toMatchObject({ value: '11500', source: 'default', at: '' });
});

it('shows the full state of each node in 60 columns, and marks text that is cut', () => {
  const code = `stty cols 60; exec ${process.execPath} ${droverBin} status --data ${cluster.dataDir}`;
  const shown = spawnSync('script', ['-q', '/dev/null', '-c', code], {
    encoding: 'utf8',
    env: cleanEnvironment({ LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'xterm' }),
  });
  const lines = shown.stdout.trim().split(/\r?\n/);
  for (const text of lines) expect(text.length).toBeLessThanOrEqual(60);
  expect(lines.find((text) => text.startsWith('agent-1'))).toMatch(
    /alive\s+\d+\.\ds (heartbeat|load-report)/,
  );
  expect(shown.stdout).toContain('…');
});
