import type { Workload } from './workload.ts';

const thousand = 1_000;
const million = 1_000_000;
const everyRound = { fullRounds: Number.POSITIVE_INFINITY, quickRounds: Number.POSITIVE_INFINITY };

/** All workloads, in the order in which they run and are shown. */
export const workloads: readonly Workload[] = [
  {
    name: 'windowed-tell',
    describes: 'one actor tells another, which answers every 1,000 messages; the sender waits for that',
    operation: 'message',
    full: { count: 6 * million, width: thousand },
    quick: { count: million, width: thousand },
    ...everyRound,
  },
  {
    name: 'ask',
    describes: 'questions, one after the other',
    operation: 'question',
    full: { count: 500 * thousand, width: 1 },
    quick: { count: 100 * thousand, width: 1 },
    ...everyRound,
  },
  {
    name: 'ping-pong',
    describes: 'two actors send messages to each other; one operation is a round trip',
    operation: 'round trip',
    full: { count: million, width: 2 },
    quick: { count: 200 * thousand, width: 2 },
    ...everyRound,
  },
  {
    name: 'ring',
    describes: 'one token is passed around 1,000 actors',
    operation: 'hop',
    full: { count: million, width: thousand },
    quick: { count: 500 * thousand, width: thousand },
    ...everyRound,
  },
  {
    name: 'burst',
    describes: 'messages queued at once in one mailbox with room for all of them',
    operation: 'message',
    full: { count: million, width: 1 },
    quick: { count: million, width: 1 },
    ...everyRound,
  },
  {
    name: 'fork-join',
    describes: 'messages spread over 1,000 actors, which report to a collector',
    operation: 'message',
    full: { count: million, width: thousand },
    quick: { count: 200 * thousand, width: thousand },
    ...everyRound,
  },
  {
    name: 'spawn-stop',
    describes: 'actors started, told one message each, and stopped',
    operation: 'actor',
    full: { count: 100 * thousand, width: 1 },
    quick: { count: 20 * thousand, width: 1 },
    ...everyRound,
  },
  {
    name: 'idle-heap',
    describes: 'memory of an actor that waits for its next message',
    operation: 'actor',
    full: { count: 100 * thousand, width: 1 },
    quick: { count: 20 * thousand, width: 1 },
    ...everyRound,
  },
  {
    name: 'million',
    describes: 'a million actors alive on one node, told one message each',
    operation: 'actor',
    full: { count: million, width: 1 },
    quick: { count: million, width: 1 },
    fullRounds: 3,
    quickRounds: 1,
  },
];
