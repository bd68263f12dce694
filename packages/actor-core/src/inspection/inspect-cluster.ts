import {
  InvalidArgumentError,
  NoRespondersError,
  RequestTimeoutError,
  TransportDisconnectedError,
} from '../errors.ts';
import type { MemberEvidence } from '../membership/presence.ts';
import type { InspectableNode } from './inspectable-node.ts';
import {
  type InspectionAnswer,
  type InspectionQuestion,
  maxLimit,
  type NodeInspection,
} from './inspection.ts';
import { decodeAnswer, encodeQuestion } from './inspection-codec.ts';
import { optionNames, requireKnownOptions } from '../known-options.ts';

const questionOptions = optionNames<ClusterQuestion>({
  node: true,
  path: true,
  limit: true,
  timeoutMs: true,
});

/** Which actors of the cluster are shown. */
export interface ClusterQuestion {
  /** Only actors of this node. @default all nodes */
  readonly node?: string | undefined;
  /** Only actors whose path begins with this text. @default '': all */
  readonly path?: string | undefined;
  /** Most actors shown of each node, 1 to 1000; the most relevant ones are shown. @default 200 */
  readonly limit?: number | undefined;
  /** Longest time for each node; all nodes are asked at once. @default 2_000 */
  readonly timeoutMs?: number | undefined;
}

/** One known node, with its answer or the reason why there is none. */
export interface InspectedNode {
  /** The evidence of membership about the node. */
  readonly member: MemberEvidence;
  readonly answer: { readonly inspection: NodeInspection } | { readonly silence: Silence };
}

/** Why a node has no answer. */
export interface Silence {
  /**
   * `left`: it has left · `not-there`: no process with this id is connected to the bus · `no-answer`: no answer within
   * the timeout · `busy`: it answers other inspections · `bus-unavailable`: this node has no bus · `bad-answer`: the
   * answer cannot be read · `not-asked`: too many nodes.
   */
  readonly code: 'left' | 'not-there' | 'no-answer' | 'busy' | 'bus-unavailable' | 'bad-answer' | 'not-asked';
  readonly message: string;
}

const defaults = Object.freeze({ limit: 200, timeoutMs: 2_000 });
/** Most nodes asked at once. */
const maxNodes = 256;
/** Largest size of all answers together, and of one answer, which is one NATS message. */
const maxBytesTogether = 16 * 1024 * 1024;
const maxBytesEach = 256 * 1024;

/**
 * Asks all nodes for their actors at once. A node that does not answer is listed with the reason. The list is empty
 * only when `node` names an unknown node.
 *
 * @throws InvalidArgumentError naming the field of `question`
 */
export async function inspectCluster(
  node: InspectableNode,
  question: ClusterQuestion = {},
): Promise<readonly InspectedNode[]> {
  requireKnownOptions('question', question, questionOptions);
  const { path = '', limit = defaults.limit, timeoutMs = defaults.timeoutMs } = question;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new InvalidArgumentError('limit', `must be a whole number from 1 to ${maxLimit}`);
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0))
    throw new InvalidArgumentError('timeoutMs', 'must be finite and above 0');
  const members = node.presence
    .members()
    .filter((member) => question.node === undefined || member.node === question.node);
  const share = Math.floor(maxBytesTogether / Math.min(maxNodes, members.length));
  const maxBytes = Math.min(maxBytesEach, node.transport.maxPayloadBytes, share);
  const asked: InspectionQuestion = { path, limit, maxBytes, timeoutMs };
  return Promise.all(
    members.map(async (member, index) => ({
      member,
      answer:
        index < maxNodes
          ? await ask(node, member, asked)
          : silence('not-asked', `only ${maxNodes} nodes are asked at once; name the node`),
    })),
  );
}

async function ask(
  node: InspectableNode,
  member: MemberEvidence,
  question: InspectionQuestion,
): Promise<InspectedNode['answer']> {
  if (member.state === 'left') return silence('left', 'it stopped in order');
  try {
    const answer =
      member.node === node.nodeId ? await node.inspect(question) : await askOver(node, member.node, question);
    if (answer === undefined) return silence('bad-answer', 'its answer cannot be read: another version?');
    if (answer === 'busy') return silence('busy', 'it answers other questions about its actors; ask again');
    return { inspection: answer };
  } catch (error) {
    return silenceOf(error, question.timeoutMs);
  }
}

async function askOver(
  node: InspectableNode,
  to: string,
  question: InspectionQuestion,
): Promise<InspectionAnswer | undefined> {
  const subject = node.subjects.inspection(to, node.nodeId);
  const { timeoutMs } = question;
  return decodeAnswer(await node.transport.request(subject, encodeQuestion(question), { timeoutMs }));
}

function silenceOf(error: unknown, timeoutMs: number): InspectedNode['answer'] {
  if (error instanceof NoRespondersError)
    return silence('not-there', 'not connected to the bus: ended, just starting, or frozen for long');
  if (error instanceof RequestTimeoutError)
    return silence(
      'no-answer',
      `no answer within ${timeoutMs / 1_000} s: it is stopped, frozen or overloaded`,
    );
  if (error instanceof TransportDisconnectedError)
    return silence('bus-unavailable', 'this node is not connected to NATS');
  throw error;
}

function silence(code: Silence['code'], message: string): InspectedNode['answer'] {
  return { silence: { code, message } };
}
