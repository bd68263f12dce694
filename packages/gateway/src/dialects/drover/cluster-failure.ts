import type {
  TransferAnswer,
  ViewRequestOutcome,
  VoterAnswer,
  VoterRefusal,
} from '@drover/actor-core/cluster';
import { RequestFailure } from '../../errors.ts';

/** Time after which a cluster without a leader is worth another attempt: an election takes 1 to 3 s. */
const retryAfterMs = 1_000;

/** A node was not drained, and does not leave. */
export function viewFailure(
  node: string,
  code: Extract<ViewRequestOutcome, { ok: false }>['code'],
): RequestFailure {
  if (code === 'unknown-node') return nodeNotFound(node);
  if (code === 'already-ended')
    return new RequestFailure(409, 'node-ended', `${node} has already left or was declared dead`);
  if (code === 'no-leader')
    return new RequestFailure(503, code, 'no control leader is known, so the view cannot change', {
      retryAfterMs,
    });
  const message =
    'the control leader did not answer in time; it may have changed the view: look at the members';
  return new RequestFailure(504, 'view-unanswered', message);
}

const voterFailures: Readonly<Record<VoterRefusal, (node: string) => RequestFailure>> = {
  'not-eligible': (node) =>
    new RequestFailure(
      409,
      'not-eligible',
      `${node} cannot vote: it must be a host that is alive and "up" in the view`,
      { field: 'node' },
    ),
  'already-voter': (node) =>
    new RequestFailure(409, 'already-voter', `${node} is a voter already`, { field: 'node' }),
  'not-a-voter': (node) => new RequestFailure(404, 'not-a-voter', `${node} is no voter`, { field: 'node' }),
  'too-many-voters': (node) =>
    new RequestFailure(
      409,
      'too-many-voters',
      `${node} cannot become a voter: there are five, which is the most; remove one first`,
    ),
  'last-voter': (node) =>
    new RequestFailure(409, 'last-voter', `${node} is the only voter: add another one first`, {
      field: 'node',
    }),
  'no-quorum': (node) =>
    new RequestFailure(
      409,
      'no-quorum',
      `the voters stay as they are: after a change of ${node} too few of them would be alive to elect a leader; ` +
        'start the voters that are missing, or remove those first',
    ),
  conflict: () =>
    new RequestFailure(
      409,
      'conflict',
      'the voters were not changed, because another change came first: look at the voters and repeat the command',
    ),
};

/** The voters were not changed, or are not known. */
export function voterFailure(
  node: string,
  code: Extract<VoterAnswer, { ok: false }>['code'],
): RequestFailure {
  if (code === 'no-leader')
    return new RequestFailure(
      503,
      code,
      'no control leader is known, so the voters cannot be read or changed',
      {
        retryAfterMs,
      },
    );
  if (code === 'unanswered')
    return new RequestFailure(
      504,
      'voters-unanswered',
      'the control leader did not answer in time; it may have changed the voters: look at the voters',
    );
  return voterFailures[code](node);
}

/** A leadership was not handed over. */
export function groupFailure(
  group: string,
  to: string | undefined,
  code: Extract<TransferAnswer, { ok: false }>['code'] | 'unknown-group',
): RequestFailure {
  switch (code) {
    case 'unknown-group':
      return new RequestFailure(404, 'group-not-found', `no leader of a group ${group} was ever heard`, {
        field: 'group',
      });
    case 'no-candidate':
      return new RequestFailure(
        409,
        'no-candidate',
        `no other node can lead ${group}: start a host, and for the group control add it to the voters`,
      );
    case 'not-a-candidate':
      return new RequestFailure(
        409,
        'not-a-candidate',
        `${to ?? ''} cannot lead ${group}: it must be a host that is alive, and a voter for the group control`,
        { field: 'to' },
      );
    case 'not-taken':
      return new RequestFailure(
        409,
        'not-taken',
        `${to ?? 'the other node'} did not take over ${group} in time; its leader goes on`,
      );
    case 'no-leader':
      return new RequestFailure(503, code, `the group ${group} has no leader now`, { retryAfterMs });
    default:
      return new RequestFailure(
        504,
        'transfer-unanswered',
        `the leader of ${group} did not answer in time; it may have handed over: look at the groups`,
      );
  }
}

function nodeNotFound(node: string): RequestFailure {
  return new RequestFailure(404, 'node-not-found', `no node is called ${node}`, { field: 'node' });
}
