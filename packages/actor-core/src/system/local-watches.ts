import type { ActorAddress } from '../actor/actor-ref.ts';
import type { WatchRegistry } from '../actor/node-ports.ts';
import type { LinkSide, WatchRegistration } from '../actor/watcher.ts';
import type { DeliveryPorts } from './delivery-ports.ts';

/** Registers the watches and links of actors of this node: here, or over the bus. */
export class LocalWatches implements WatchRegistry {
  readonly #node: DeliveryPorts;

  constructor(node: DeliveryPorts) {
    this.#node = node;
  }

  watch(watch: WatchRegistration, address: ActorAddress): void {
    const { nodeId, remote } = this.#node;
    if (address.node === nodeId) this.#watchLocal(watch, address);
    else if (remote === undefined) watch.terminated('node-down');
    else remote.watch(watch, address);
  }

  link(link: LinkSide): void {
    const { nodeId, actors, remote } = this.#node;
    const { address } = link.target;
    if (address.node === nodeId) link.terminated(actors.endReason(address), actors.endCause(address));
    else if (remote === undefined) link.terminated('node-down');
    else remote.link(link, 0);
  }

  #watchLocal(watch: WatchRegistration, address: ActorAddress): void {
    const { actors, incarnation } = this.#node;
    const isStale = address.nodeIncarnation !== 0 && address.nodeIncarnation !== incarnation;
    const recipient = isStale ? undefined : actors.findRecipient(address.path, address.uid);
    if (recipient === undefined) return watch.terminated(actors.endReason(address), actors.endCause(address));
    recipient.addWatcher(watch);
    watch.onCancel = () => recipient.removeWatcher(watch);
  }
}
