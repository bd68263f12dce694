import { randomBytes } from 'node:crypto';
import { createSubjects, keysBucket } from '@drover/actor-core/cluster';
import type { ClusterFile } from '../../cluster/cluster-file.ts';
import { reason } from '../../gateway-client/gateway-api.ts';
import { mintUser } from '../../nats/credentials.ts';
import { permissionsOfProcess } from '../../nats/process-permissions.ts';
import { type BusAnswer, type BusAttempt, probeBus } from '../../nats/probe-bus.ts';
import { parseNatsAddress } from '../../nats/running-server.ts';
import { isLoopbackAddress } from '../../network/open-address.ts';
import { bad, type Check, good } from '../check.ts';

const timeoutMs = 3_000;

type BusCluster = Pick<ClusterFile, 'cell' | 'natsUrl' | 'issuer' | 'credsPath'>;

/** What NATS answered to a client without credentials, and to a node-agent that tries what it may not do. */
export interface BusFacts {
  readonly address: string;
  /** Whether other machines can reach NATS, and whether what is sent to it is encrypted. */
  readonly isOpen: boolean;
  readonly isSecure: boolean;
  /** Whether the cluster has keys: then the way around the gateway must be closed too. */
  readonly hasKeys: boolean;
  readonly stranger: BusAnswer;
  /** Absent for a NATS whose users Drover does not make. */
  readonly nodeAgent?: BusAnswer;
}

/** Proves by doing what NATS refuses. None of the attempts changes anything, also where it is not refused. */
export async function checkBus(cluster: BusCluster | undefined, hasKeys: boolean): Promise<readonly Check[]> {
  if (cluster === undefined) return [good('bus', 'not checked: no drover up uses this data folder')];
  const { natsUrl, issuer, cell } = cluster;
  if (natsUrl.startsWith('tls:'))
    return [
      good('bus', 'not checked: this NATS is reached over TLS, and its operator gives the permissions'),
    ];
  const place = parseNatsAddress('nats', natsUrl);
  const attempts = forbidden(cell);
  try {
    const stranger = await probeBus(place, attempts, { timeoutMs });
    const facts = {
      address: `${place.host}:${place.port}`,
      isOpen: !isLoopbackAddress(place.host),
      isSecure: false,
      hasKeys,
      stranger,
    };
    if (issuer === undefined) return judgeBus(facts);
    const id = `doctor-${randomBytes(8).toString('hex')}`;
    const creds = await mintUser(issuer, id, permissionsOfProcess(cell, id, ['node-agent']));
    return judgeBus({ ...facts, nodeAgent: await probeBus(place, attempts, { creds, timeoutMs }) });
  } catch (error) {
    return [
      bad('bus', `NATS gave no answer at ${place.host}:${place.port}: ${reason(error)}`, 'drover doctor'),
    ];
  }
}

/** What no node-agent may do: read the keys, hear all messages, speak for another node, look at the server. */
function forbidden(cell: string): readonly BusAttempt[] {
  const subjects = createSubjects(cell);
  const [other, third] = ['doctor-other', 'doctor-third'];
  return [
    { verb: 'PUB', subject: '$JS.API.STREAM.NAMES' },
    { verb: 'PUB', subject: `$JS.API.STREAM.INFO.KV_${keysBucket(cell)}` },
    { verb: 'PUB', subject: `$JS.API.STREAM.MSG.GET.KV_${keysBucket(cell)}` },
    { verb: 'PUB', subject: '$SYS.REQ.SERVER.PING' },
    { verb: 'PUB', subject: subjects.inbox(other, 'ord', third) },
    { verb: 'SUB', subject: '>' },
    { verb: 'SUB', subject: subjects.inboxOf(other) },
    { verb: 'SUB', subject: '$KV.>' },
  ];
}

/** Pure. */
export function judgeBus({
  address,
  isOpen,
  isSecure,
  hasKeys,
  stranger,
  nodeAgent,
}: BusFacts): readonly Check[] {
  const faults: Check[] = [];
  if (isOpen && !isSecure)
    faults.push(
      bad(
        'bus',
        `the way to NATS at ${address} leaves this machine unencrypted`,
        'give NATS a certificate, and name it tls://… with --nats',
      ),
    );
  if (stranger.isAdmitted && (isOpen || hasKeys)) {
    const who = isOpen ? 'every machine that reaches it' : 'every program of this machine';
    faults.push(
      bad(
        'bus',
        `NATS at ${address} lets in ${who} without credentials, past the keys of the gateways`,
        closeBus,
      ),
    );
  }
  if (nodeAgent?.isAdmitted === false)
    faults.push(
      bad('bus', `NATS at ${address} refuses the credentials of this cluster`, 'restart drover up'),
    );
  if (nodeAgent !== undefined && nodeAgent.taken.length > 0)
    faults.push(
      bad(
        'bus',
        `NATS lets a node-agent do what it may not: ${nodeAgent.taken.map(({ verb, subject }) => `${verb} ${subject}`).join(', ')}`,
        'restart drover up: its NATS does not run with the permissions of this version',
      ),
    );
  if (faults.length > 0) return faults;
  if (nodeAgent !== undefined)
    return [good('bus', 'NATS refuses clients without credentials, and a node-agent what it may not do')];
  return [
    good(
      'bus',
      stranger.isAdmitted
        ? 'NATS asks for no credentials; only programs of this machine reach it'
        : 'NATS refuses clients without credentials; its operator gives the permissions',
    ),
  ];
}

const closeBus =
  'give NATS users with the permissions of docs/SECURITY.md and name their credentials with --creds, or let drover up run its own NATS';
