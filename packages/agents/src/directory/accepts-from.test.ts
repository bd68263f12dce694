import type { ActorRef, MessageLane, Sender } from '@drover/actor-core';
import { expect, it } from 'vitest';
import type { DirectoryMessage } from '../protocol/directory-message.ts';
import { acceptsFrom } from './accepts-from.ts';

const refOf = (node: string): ActorRef<unknown> => ({
  address: { node, nodeIncarnation: 1, path: 'agents', uid: 1 },
  tell: () => undefined,
});
const from = (node: string, lane: MessageLane): Sender => ({ node, nodeIncarnation: 1, lane });
const run = {
  runId: 'r',
  agentId: 'a',
  incarnation: 1,
  node: 'host-1',
  outcome: { status: 'failed', code: 'agent-lost', message: '' },
} as const;
const replyTo = refOf('host-1');

const cases: [what: string, message: DirectoryMessage, sender: Sender, isAccepted: boolean][] = [
  ['a request of a gateway', { kind: 'stop', id: 'a', replyTo }, from('gateway-1', 'request'), true],
  [
    'a request on a lane that every role may use',
    { kind: 'stop', id: 'a', replyTo },
    from('agent-1', 'data'),
    false,
  ],
  [
    'a report of a host about itself',
    { kind: 'activated', node: 'host-1', nodeIncarnation: 1, id: 'a', incarnation: 1 },
    from('host-1', 'order'),
    true,
  ],
  [
    'a report of one host in the name of another',
    { kind: 'inventory', node: 'host-1', nodeIncarnation: 1, survey: 1, page: 0, pages: 1, agents: [] },
    from('host-2', 'order'),
    false,
  ],
  [
    'a report of a host in the name of another incarnation of it',
    { kind: 'states', node: 'host-1', nodeIncarnation: 2, agents: [] },
    from('host-1', 'order'),
    false,
  ],
  [
    'a report on a lane that every role may use',
    { kind: 'dispatched', node: 'agent-1', nodeIncarnation: 1, runId: 'r' },
    from('agent-1', 'control'),
    false,
  ],
  ['the end of a run from its host', { kind: 'settle', run, replyTo }, from('host-1', 'order'), true],
  ['the end of a run from another host', { kind: 'settle', run, replyTo }, from('host-2', 'order'), false],
  ['a lost run from its asker', { kind: 'settle', run }, from('gateway-1', 'request'), true],
  ['a lost run on a lane that every role may use', { kind: 'settle', run }, from('agent-1', 'data'), false],
];

it.each(cases)('decides about %s by sender and lane', (_, message, sender, isAccepted) => {
  expect(acceptsFrom(message, sender)).toBe(isAccepted);
});
