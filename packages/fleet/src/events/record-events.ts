import { createPubSub, type LocalNode } from '@drover/actor-core/cluster';
import { decodeEvent, type FleetEvent } from './event.ts';
import { EventAllowance } from './event-allowance.ts';
import { keepEventLog } from './event-log.ts';
import { mayPublish } from './believe-event.ts';
import { unstoredEvents } from './event-topics.ts';
import { eventTypes } from './event-types.ts';
import { EventWriter } from './event-writer.ts';

/** Hosts that store an event of a node-agent: the first ones by id, so that one may be away. */
const recorders = 3;
const rate = { burst: 200, perSecond: 20 };
/** Nodes whose rate is counted; the one that was heard first is forgotten first. */
const maxSources = 4_096;

/**
 * Stores the events of the nodes that may not use the store, and keeps the stream. Runs on hosts. Several hosts store
 * each event; the stream takes it once, by its id.
 *
 * @returns the function that ends it
 */
export function recordEvents(node: LocalNode): () => Promise<void> {
  const endLog = keepEventLog(node);
  const writer = new EventWriter(node);
  const allowances = new Map<string, EventAllowance>();
  const mayStore = (source: string): boolean => {
    const known = allowances.get(source);
    if (known !== undefined) return known.take();
    const [oldest] = allowances.keys();
    if (allowances.size >= maxSources && oldest !== undefined) allowances.delete(oldest);
    const allowance = new EventAllowance(node.clock, rate);
    allowances.set(source, allowance);
    return allowance.take();
  };
  const leave = createPubSub(node).subscribe(unstoredEvents, (bytes, { from }) => {
    const event = decodeEvent(bytes);
    if (event === undefined || !isOf(event, from, node) || !isRecorder(node)) return;
    if (mayStore(from)) writer.put(event);
  });
  return async () => {
    leave();
    endLog();
    await writer.close();
  };
}

function isOf(event: FleetEvent, from: string, node: LocalNode): boolean {
  return event.source === from && eventTypes[event.type].isDurable && mayPublish(event, node);
}

function isRecorder({ nodeId, presence }: LocalNode): boolean {
  const hosts = presence.members().filter(({ roles, state }) => roles.includes('host') && state === 'alive');
  const first = hosts.slice(0, recorders);
  return first.some(({ node }) => node === nodeId);
}
