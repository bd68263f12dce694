import { describe, expect, it } from 'vitest';
import {
  anyToken,
  controlStream,
  createSubjects,
  inboxPrefix,
  requireToken,
  requireTopic,
  senderOf,
  topicOf,
} from './subjects.ts';

const subjects = createSubjects('home');

describe('the subjects of a cell', () => {
  it.each([
    ['a frame', subjects.inbox('to', 'dat', 'from'), 'd1.home.n.to.dat.from'],
    ['all frames to a node', subjects.inboxOf('to'), 'd1.home.n.to.>'],
    ['an inspection', subjects.inspection('to', 'from'), 'd1.home.n.to.look.from'],
    ['presence', subjects.presence('node'), 'd1.home.g.node'],
    ['a load report', subjects.load('node'), 'd1.home.load.node'],
    ['a poll', subjects.poll('node'), 'd1.home.poll.node'],
    ['a leader', subjects.leader('agents', 'node'), 'd1.home.ldr.agents.node'],
    ['a control record', subjects.control('agents', 'agent', '7'), 'd1.home.ctl.agents.agent.7'],
    ['a question for admin jobs', subjects.adminJobs('a'), 'd1.home.job.a'],
    ['the key of a signer', subjects.signer('a'), 'd1.home.sig.a'],
    ['a question for the settings', subjects.settingsQuestion('a'), 'd1.home.set.a'],
    [
      'a record of an entity',
      subjects.entity(3, 'account', 'a=2Fb', 'own'),
      'd1.home.ent.3.account.a=2Fb.own',
    ],
    ['the records of a shard', subjects.entitiesOf(3), 'd1.home.ent.3.>'],
    ['a topic', subjects.topic('shop.orders', 'node'), 'd1.home.t.shop.orders.node'],
    ['all topics', subjects.allTopics, 'd1.home.t.>'],
    ['a reply', `${inboxPrefix('node')}.x`, '_I.node.x'],
    ['the stream of a group', controlStream('home', 'agents'), 'CTL_home_G_agents'],
  ])('are a wire contract: %s', (_, built, written) => {
    expect(built).toBe(written);
  });

  it('name their sender in the last token', () => {
    for (const subject of [
      subjects.inbox('to', 'ctl', 'from'),
      subjects.inspection('to', 'from'),
      subjects.presence('from'),
      subjects.load('from'),
      subjects.leader('agents', 'from'),
      subjects.topic('a.b.c.d', 'from'),
    ])
      expect(senderOf(subject)).toBe('from');
  });

  it.each(['a', 'a.b', 'a.b.c', 'a.b.c.d'])('give back the topic %s', (name) => {
    expect(topicOf(subjects.topic(name, 'node'))).toBe(name);
  });
});

it.each(['a', '0', 'a-b_c', 'x'.repeat(64)])('accepts the token %j', (token) => {
  expect(requireToken('node', token)).toBe(token);
});

it.each(['', 'A', '-a', '_a', 'a.b', 'a b', '*', '>', 'x'.repeat(65), 'ä'])(
  'refuses the token %j',
  (token) => {
    expect(() => requireToken('node', token)).toThrow('must be 1 to 64 of a-z 0-9 _ -');
  },
);

it('accepts a wildcard for one token of a topic, and none for the rest of it', () => {
  expect(requireTopic(`shop.${anyToken}`)).toBe('shop.*');
  expect(() => requireTopic('shop.>')).toThrow('must be 1 to 64');
});
