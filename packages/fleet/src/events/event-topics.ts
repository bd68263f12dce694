import { topic, type Topic } from '@drover/actor-core/cluster';
import { z } from 'zod';
import { maxEventBytes } from './event.ts';

const encoded = z.instanceof(Uint8Array).refine((bytes) => bytes.byteLength <= maxEventBytes);

/** Events that are told to those that listen at the moment. */
export const liveEvents: Topic<Uint8Array> = topic('event.live', encoded);
/** Events of nodes that may not use the store: a host stores them. */
export const unstoredEvents: Topic<Uint8Array> = topic('event.store', encoded);
