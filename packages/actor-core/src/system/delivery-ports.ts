import type { NodeServices } from '../actor/node-services.ts';
import type { RemoteNodes } from '../actor/remote-nodes.ts';
import type { LocalDirectory } from './local-directory.ts';

/** What the delivery of messages and watches of this node needs. */
export interface DeliveryPorts extends NodeServices {
  readonly actors: LocalDirectory;
  /** Undefined while the system is not connected to a bus. */
  readonly remote: RemoteNodes | undefined;
}
