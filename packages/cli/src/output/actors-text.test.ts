import { expect, it } from 'vitest';
import { boxGlyphs, plainGlyphs } from './actor-tree.ts';
import { type ActorEntry, type NodeActors, readActorsReport } from '../gateway-client/actors-report.ts';
import { actorsText, type DrawOptions } from './actors-text.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);

function actor(path: string, part: Partial<ActorEntry> = {}): ActorEntry {
  const parent = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : null;
  const idle = {
    mailboxDepth: 0,
    mailboxCapacity: 1_000,
    restarts: 0,
    messagesPerSecond: 0,
    uptimeMs: 61_000,
  };
  return { path, parent, state: 'running', children: 0, lastFailure: null, ...idle, ...part };
}

function node(id: string, actors: readonly ActorEntry[], part: Partial<NodeActors> = {}): NodeActors {
  const said = {
    silence: null,
    uptimeMs: 3_723_000,
    total: actors.length,
    leftOut: 0,
    complete: true,
    counters: {},
  };
  return { id, role: 'host', pid: 7, state: 'alive', evidenceAgeMs: 40, lagMs: 0, actors, ...said, ...part };
}

function draw(nodes: readonly NodeActors[], options: Partial<DrawOptions> = {}): string[] {
  const plain = {
    glyphs: boxGlyphs,
    width: Infinity,
    height: Infinity,
    style: (_: string, text: string) => text,
  };
  return actorsText({ nodes }, { ...plain, nowMs, ...options });
}

const failed = { code: 'touched', message: 'Error: ouch', at: new Date(nowMs - 192_000).toISOString() };
const family = [
  actor('instances', { children: 2 }),
  actor('instances/one', {
    state: 'busy',
    mailboxDepth: 3,
    restarts: 2,
    messagesPerSecond: 12_345,
    lastFailure: failed,
  }),
  actor('instances/one/job', { messagesPerSecond: 0.25, uptimeMs: 900 }),
  actor('instances/two'),
  actor('other', { messagesPerSecond: null }),
];

it('draws the tree of each node with its columns', () => {
  expect(draw([node('a', family), node('b', [])])).toEqual([
    'ACTOR         STATE    MAILBOX  RESTARTS  MSG/S     UP  LAST FAILURE',
    'a  host, pid 7, up 1h02m, 5 actors',
    '├─ instances  running   0/1000         0      0  1m01s',
    '│  ├─ one     busy      3/1000         2  12.3k  1m01s  3m12s ago  touched: Error: ouch',
    '│  │  └─ job  running   0/1000         0    0.3     0s',
    '│  └─ two     running   0/1000         0      0  1m01s',
    '└─ other      running   0/1000         0      -  1m01s',
    'b  host, pid 7, up 1h02m, 0 actors',
  ]);
});

it('indents without lines when the output is no such terminal', () => {
  expect(draw([node('a', family)], { glyphs: plainGlyphs }).slice(2, 5)).toEqual([
    '  instances  running   0/1000         0      0  1m01s',
    '    one      busy      3/1000         2  12.3k  1m01s  3m12s ago  touched: Error: ouch',
    '      job    running   0/1000         0    0.3     0s',
  ]);
});

it('says how many actors a node leaves out, and where', () => {
  const some = [actor('pool', { children: 1_000 }), actor('pool/bad'), actor('far/below', { children: 1 })];
  const part = { total: 2_000, leftOut: 1_997, complete: false };
  expect(draw([node('a', some, part)]).slice(1)).toEqual([
    'a  host, pid 7, up 1h02m, at least 2000 actors',
    '├─ pool       running   0/1000         0      0  1m01s',
    '│  ├─ bad     running   0/1000         0      0  1m01s',
    '│  └─ … 999 more children not shown',
    '└─ far/below  running   0/1000         0      0  1m01s',
    '   └─ … 1 child not shown',
    '  3 of at least 2000 actors shown; --limit and --path show others',
  ]);
});

it('lists a node that does not answer, with the reason, and what to do', () => {
  const silence = { code: 'no-answer', message: 'no answer within 2 s' };
  const left = { code: 'left', message: 'it stopped in order' };
  expect(
    draw([
      node('a', [], { silence, state: 'unreachable', evidenceAgeMs: 4_200 }),
      node('b', [], { silence: left, state: 'left' }),
    ]),
  ).toEqual([
    'a  host, pid 7: no answer within 2 s (unreachable, last message 4s ago)',
    'b  host, pid 7: it stopped in order (left, last message 0s ago)',
    '',
    expect.stringMatching(/^no answer: a: .*drover doctor/),
  ]);
});

it('highlights faults, and says what to do', () => {
  const marked = draw(
    [
      node('a', [
        actor('given-up', { state: 'parked', restarts: 3, lastFailure: failed }),
        actor('coming', { state: 'restarting' }),
        actor('slow', { mailboxDepth: 501 }),
        actor('full', { mailboxDepth: 950 }),
        actor('failing', {
          restarts: 1,
          lastFailure: { ...failed, at: new Date(nowMs - 5_000).toISOString() },
        }),
        actor('healed', { restarts: 1, lastFailure: failed }),
      ]),
    ],
    { style: (style, text) => `<${style} ${text}>` },
  );
  const of = (name: string): string => marked.find((line) => line.includes(name)) ?? '';
  expect(of('given-up')).toContain('<red parked>');
  expect(of('coming')).toContain('<yellow restarting>');
  expect(of('slow')).toContain('<yellow 501/1000>');
  expect(of('full')).toContain('<red 950/1000>');
  expect(of('failing')).toMatch(/<yellow 1>.*<yellow 5s ago/);
  expect(of('healed')).toMatch(/ 1 .*<dim 3m12s ago/);
  const advice = marked.slice(marked.indexOf('') + 1);
  expect(advice.map((line) => line.slice(0, 44))).toEqual(
    [
      '<yellow parked: a given-up: failed more often',
      '<yellow restarting: a coming: comes back by it',
      '<yellow mailbox more than half full: a slow, a',
    ].map((line) => line.slice(0, 44)),
  );
  expect(advice[0]).toContain('pid 7');
});

it.each([200, 80, 60, 45, 30, 12])('fits a terminal of %i columns', (width) => {
  const wide = node('a-node-with-a-name', family, { silence: null });
  for (const line of draw([wide, node('b', [actor('x'.repeat(90), { lastFailure: failed })])], { width }))
    expect(line.length).toBeLessThanOrEqual(width);
});

const headerAt = (width: number): string => draw([node('a', family)], { width })[0] ?? '';

it('leaves out the age of actors, then rates, then failures on a narrow terminal', () => {
  expect(headerAt(90)).toContain('UP');
  expect(headerAt(80)).not.toContain('UP');
  expect(headerAt(64)).toBe('ACTOR         STATE    MAILBOX  RESTARTS  MSG/S  LAST FAILURE');
  expect(headerAt(58)).toBe('ACTOR         STATE    MAILBOX  RESTARTS  LAST FAILURE');
  expect(headerAt(45)).toBe('ACTOR         STATE    MAILBOX  RESTARTS');
});

it('keeps the advice where the tree is higher than the terminal', () => {
  const lines = draw([node('a', [...family, actor('bad', { state: 'parked' })])], { height: 7 });
  expect(lines).toHaveLength(7);
  expect(lines[4]).toBe('(4 more lines; --node and --path show less)');
  expect(lines[6]).toMatch(/^parked/);
});

it('removes control characters from names and messages', () => {
  const message = 'two\nlines \u001B[31mred\u202E';
  const lines = draw([node('a', [actor('x\u001B[2J', { lastFailure: { ...failed, message } })])]);
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(lines).toHaveLength(3);
});

it('reads nothing from the answer of another server', () => {
  expect(readActorsReport({ node: 'a', actors: [] })).toBeUndefined();
  expect(readActorsReport([])).toBeUndefined();
  expect(readActorsReport({ nodes: [] })).toEqual({ nodes: [] });
});
