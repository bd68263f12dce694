import { invalidField, readQuery, wholeNumber } from './memory-query.ts';

/** What a client of `GET /api/agents/ws` hears of. */
export const socketTopics = ['agents', 'tasks', 'metrics', 'events'] as const;

export type SocketTopic = (typeof socketTopics)[number];

export interface SocketQuery {
  readonly topics: ReadonlySet<SocketTopic>;
  /** Go on after this sequence, without a snapshot. */
  readonly after?: number;
}

const usual: readonly SocketTopic[] = ['agents', 'tasks', 'metrics'];

/** @throws RequestFailure 400 naming the parameter */
export function readSocketQuery(query: string): SocketQuery {
  const { topics, after } = readQuery(query, ['topics', 'after']);
  const position = wholeNumber('after', after);
  const wanted = topics === undefined ? usual : topics.split(',').map(readTopic);
  return { topics: new Set(wanted), ...(position !== undefined && { after: position }) };
}

function readTopic(text: string): SocketTopic {
  const topic = socketTopics.find((known) => known === text.trim());
  if (topic === undefined) throw invalidField('topics', `must be some of ${socketTopics.join(', ')}`);
  return topic;
}

/** Types of events that the topics stand for; empty for all. */
export function typesOf(topics: ReadonlySet<SocketTopic>): readonly string[] {
  if (topics.has('events')) return [];
  const types = [...(topics.has('agents') ? ['agent.*'] : []), ...(topics.has('tasks') ? ['run.*'] : [])];
  // No topic of events: a filter that no type matches.
  return types.length === 0 ? ['none'] : types;
}
