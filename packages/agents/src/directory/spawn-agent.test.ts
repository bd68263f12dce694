import { describe, expect, it } from 'vitest';
import { directoryWithAgent, host, testDirectory } from '../testing/test-directory.ts';

describe('spawning', () => {
  it('records the agent, starts its entity once that is durable, and answers once its owner has confirmed', () => {
    const { tick, spawn, written, owned, activated } = testDirectory();
    expect([
      ...tick(host('h1')),
      '-- spawn',
      ...spawn('a1'),
      '-- written',
      ...written(1),
      '-- owned',
      ...owned('h1', 'a1', 10),
      '-- written',
      ...written(2),
      '-- activated',
      ...activated('h1', 'a1', 1),
    ]).toEqual([
      'order h1 survey 1',
      '-- spawn',
      'write #1 agent/0 a1 active 1@.0',
      '-- written',
      'start a1',
      '-- owned',
      'write #2 agent/0 a1 active 1@h1.1 by 10',
      '-- written',
      'order h1 activate a1 1',
      '-- activated',
      'answer client agent a1 ready 1@h1',
      'note agent a1 runs on h1, incarnation 1',
    ]);
  });

  it('hides an agent until its first record is durable', () => {
    const { tick, spawn, decide, written, owned } = testDirectory();
    tick(host('h1'));
    spawn('a1');
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c error agent-not-found']);
    written(1);
    const starting = ['answer c agent a1 starting 1@'];
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(starting);
    owned('h1', 'a1', 10);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(starting);
  });

  it('withdraws an agent whose record is durable only after its asker was told that the spawn failed', () => {
    const { tick, spawn, decide, written } = testDirectory();
    tick(host('h1'));
    spawn('a1', { key: 'k' });
    decide({ type: 'spawn-refused', key: 'k' });
    const get = { type: 'get', id: 'a1', replyTo: 'c' } as const;
    expect(written(1)[0]).toBe('write #2 agent/0 a1 stopped 1@.0');
    expect(decide(get)).toEqual(['answer c error agent-not-found']);
    written(2);
    expect(decide(get)).toEqual(['answer c error agent-not-found']);
    // The key may be used again, for another agent.
    expect(spawn('a2', { key: 'k' })).toEqual(['write #3 agent/1 a2 active 1@.0']);
  });

  it('keeps an agent whose asker asked again before its record was durable', () => {
    const { tick, spawn, decide, written } = testDirectory();
    tick(host('h1'));
    spawn('a1', { key: 'k' });
    decide({ type: 'spawn-refused', key: 'k' });
    spawn('a2', { key: 'k', replyTo: 'again' });
    expect(written(1)).toEqual(['start a1']);
  });

  it('refuses an unknown type, and any type while no host is alive, without a record', () => {
    const { tick, spawn } = testDirectory();
    tick(host('h1', 1, false));
    expect(spawn('a1')).toEqual(['answer client error no-host']);
    expect(spawn('a1', { type: 'poet' })).toEqual(['answer client error unknown-agent-type']);
  });

  it('answers with the same agent for the same key and request, before and after it runs', () => {
    const { tick, spawn, written, owned, activated } = testDirectory();
    tick(host('h1'));
    spawn('a1', { key: 'k' });
    expect(spawn('a2', { key: 'k', replyTo: 'again' })).toEqual([]);
    written(1);
    owned('h1', 'a1', 10);
    written(2);
    expect(activated('h1', 'a1', 1).slice(0, 2)).toEqual([
      'answer client agent a1 ready 1@h1',
      'answer again agent a1 ready 1@h1',
    ]);
    expect(spawn('a3', { key: 'k', replyTo: 'late' })).toEqual(['answer late agent a1 ready 1@h1']);
  });

  it('refuses the same key with another request', () => {
    expect(directoryWithAgent().spawn('a2', { key: 'key-a1', name: 'bob' })).toEqual([
      'answer client error idempotency-conflict',
    ]);
  });

  it('answers pending when the agent is recorded but no host owns it while the asker waits', () => {
    const { tick, spawn, written, advance } = testDirectory();
    tick(host('h1'));
    spawn('a1');
    advance(1_000);
    expect(written(1)).toEqual(['start a1']);
    advance(1_000);
    expect(tick(host('h1'))).toEqual(['start a1', 'answer client pending a1 starting 1@']);
  });

  it('reuses the slot of the agent that stopped first when all are taken, never the slot of an active agent', () => {
    const { spawn, decide, written } = directoryWithAgent({ config: { maxAgents: 1 } });
    expect(spawn('a2')).toEqual(['answer client error no-host']);
    decide({ type: 'stop', id: 'a1', replyTo: 'c' });
    written(3);
    expect(spawn('a2')).toEqual(['write #4 agent/0 a2 active 1@.0']);
    expect(decide({ type: 'get', id: 'a1', replyTo: 'c' })).toEqual(['answer c error agent-not-found']);
  });
});
