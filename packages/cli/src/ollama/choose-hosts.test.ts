import { expect, it } from 'vitest';
import { chooseHosts, type HostChoice, type HostWish, planProbes } from './choose-hosts.ts';
import type { ProbeResult } from './probe.ts';

const local = 'http://127.0.0.1:11434';

function ollama(url: string, models: string[] = ['llama3.2:latest']): ProbeResult {
  return { kind: 'ollama', url, version: '0.31.1', simulated: false, models };
}

function choose(wish: Partial<HostWish>, ...probes: ProbeResult[]): HostChoice {
  const whole: HostWish = { ollama: [], sim: undefined, ollamaHost: undefined, ...wish };
  return chooseHosts(whole, planProbes(whole), probes);
}

it('uses the Ollama found at the default address', () => {
  expect(choose({}, ollama(local))).toMatchObject({ hosts: [local], simulate: 0, notes: [] });
});

it('simulates two hosts when none is found, and says so', () => {
  const choice = choose({}, { kind: 'silent', url: local, detail: 'nothing listens there' });
  expect(choice).toMatchObject({ hosts: [], simulate: 2 });
  expect(choice.notes.join()).toContain('SIMULATED');
});

it('prefers OLLAMA_HOST, and falls back to the default address saying why', () => {
  const remote = 'http://gpu:11434';
  expect(choose({ ollamaHost: 'gpu' }, ollama(remote), ollama(local)).hosts).toEqual([remote]);
  const fallback = choose(
    { ollamaHost: 'gpu' },
    { kind: 'silent', url: remote, detail: 'the name is unknown' },
    ollama(local),
  );
  expect(fallback.hosts).toEqual([local]);
  expect(fallback.notes).toEqual([`OLLAMA_HOST names ${remote}: the name is unknown`]);
});

it('does not use a gateway as a host when OLLAMA_HOST names one', () => {
  const gateway = 'http://127.0.0.1:11500';
  const choice = choose({ ollamaHost: '127.0.0.1:11500' }, { kind: 'drover', url: gateway }, ollama(local));
  expect(choice.hosts).toEqual([local]);
  expect(choice.notes.join()).toContain('Drover gateway');
});

it('refuses a named host that is a gateway', () => {
  expect(() => choose({ ollama: ['http://gw:11500'] }, { kind: 'drover', url: 'http://gw:11500' })).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringContaining('Drover gateway') as string,
    }) as Error,
  );
});

it('goes on when some named hosts are down, and refuses when all are', () => {
  const down: ProbeResult = { kind: 'silent', url: 'http://b:11434', detail: 'nothing listens there' };
  const choice = choose({ ollama: ['a', 'b'] }, ollama('http://a:11434'), down);
  expect(choice.hosts).toEqual(['http://a:11434', 'http://b:11434']);
  expect(choice.notes).toHaveLength(1);
  expect(() => choose({ ollama: ['b'] }, down)).toThrow(expect.objectContaining({ exitCode: 3 }) as Error);
});

it('takes an address with a path and a user, and shows neither user nor password', () => {
  const url = 'https://ada:secret@proxy:443/gpu';
  const down: ProbeResult = { kind: 'silent', url, detail: 'the name is unknown' };
  const choice = choose({ ollama: [url, 'a'] }, ollama('http://a:11434'), down);
  expect(choice.hosts).toEqual([url, 'http://a:11434']);
  expect(choice.notes).toEqual([
    'https://proxy:443/gpu does not serve now (the name is unknown): it joins when it does',
  ]);
  expect(() => choose({ ollama: [url] }, down)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('secret') as string }),
  );
});

it('names the hosts without models', () => {
  expect(choose({}, ollama(local, [])).withoutModels).toEqual([local]);
});

it('never simulates with --sim 0', () => {
  expect(() => choose({ sim: 0 }, { kind: 'silent', url: local, detail: '' })).toThrow(
    expect.objectContaining({ exitCode: 3, message: expect.stringContaining('--sim 0') as string }) as Error,
  );
});

it('asks no address when hosts are simulated', () => {
  expect(planProbes({ ollama: [], sim: 3, ollamaHost: 'gpu' })).toEqual({ named: [], guessed: [] });
  expect(choose({ sim: 3 }).simulate).toBe(3);
});

it.each<[Partial<HostWish>, string]>([
  [{ sim: 2, ollama: ['a'] }, '--sim'],
  [{ ollama: ['a:b'] }, '--ollama'],
  [{ ollama: ['a', 'http://a:11434'] }, '--ollama'],
  [{ ollamaHost: 'ftp://a' }, 'OLLAMA_HOST'],
])('refuses %j by naming %s', (wish, field) => {
  expect(() => choose(wish)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining(field) as string }) as Error,
  );
});
