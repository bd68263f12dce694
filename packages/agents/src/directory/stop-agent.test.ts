import { describe, expect, it } from 'vitest';
import { directoryWithAgent, host, testDirectory } from '../testing/test-directory.ts';

describe('stopping', () => {
  it('keeps the newest 32 waiting requests while the store does not answer', () => {
    const { decide, tick, spawn, written } = testDirectory();
    tick(host('h1'));
    spawn('a1');
    written(1);
    for (let asker = 0; asker < 100; asker++) decide({ type: 'stop', id: 'a1', replyTo: `c${asker}` });
    const answers = written(2).filter((effect) => effect.startsWith('answer'));
    expect(answers).toHaveLength(32);
    expect(answers.at(-1)).toContain('c99');
  });

  it('is durable before it is answered, ends runs, and is final', () => {
    const { decide, written, tick, submit } = directoryWithAgent();
    submit('a1', 'r1');
    written(3);
    expect([...decide({ type: 'stop', id: 'a1', replyTo: 'c' }), '-- written', ...written(4)]).toEqual([
      'write #4 agent/0 a1 stopped 1@h1.1 by 10',
      'write #5 run/0 r1 agent-stopped',
      '-- written',
      'order h1 deactivate a1 1',
      'answer c agent a1 stopped 1@',
    ]);
    expect(tick(host('h1'), host('h2'))).toEqual([]);
    expect(decide({ type: 'stop', id: 'a1', replyTo: 'c' })).toEqual(['answer c agent a1 stopped 1@']);
    expect(submit('a1', 'r2')).toEqual(['answer client error agent-stopped']);
  });
});
