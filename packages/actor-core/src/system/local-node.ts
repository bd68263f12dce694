import type { NodePorts, StreamFactory } from '../actor/node-ports.ts';
import type { RemoteNodes } from '../actor/remote-nodes.ts';
import type { Clock } from '../clock.ts';
import { Deadlines } from '../clock/deadlines.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { Scheduler } from '../scheduler.ts';
import { StreamEnds } from '../streaming/stream-ends.ts';
import { EndpointTable } from './endpoint-table.ts';
import { EventHub } from './event-hub.ts';
import { LocalDelivery } from './local-delivery.ts';
import { LocalDirectory, type RootListener } from './local-directory.ts';
import { LocalRefs } from './local-refs.ts';
import { LocalWatches } from './local-watches.ts';

/** Identity and injected parts of a node. */
export interface LocalNodeOptions {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

/** The parts of one node that its actors, refs and endpoints use, joined together. */
export class LocalNode implements NodePorts {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly events: EventHub;
  readonly endpoints: EndpointTable;
  readonly actors: LocalDirectory;
  readonly delivery: LocalDelivery;
  readonly refs: LocalRefs;
  readonly watches: LocalWatches;
  readonly streams: StreamFactory;
  /** Set when the system is connected to a bus. */
  remote: RemoteNodes | undefined = undefined;

  constructor(options: LocalNodeOptions, listener: RootListener) {
    this.nodeId = options.nodeId;
    this.incarnation = options.incarnation;
    this.clock = options.clock;
    this.random = options.random;
    this.scheduler = options.scheduler;
    this.log = options.log;
    this.deadlines = new Deadlines(options.clock);
    this.events = new EventHub(options.log);
    this.endpoints = new EndpointTable(this, this.events);
    this.actors = new LocalDirectory(this, this.endpoints, listener);
    this.delivery = new LocalDelivery(this);
    this.refs = new LocalRefs(this, this.actors, this.endpoints, this.delivery);
    this.watches = new LocalWatches(this);
    this.streams = new StreamEnds(this);
  }
}
