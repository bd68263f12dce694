import type { ActorAddress, ActorRef } from '../actor/actor-ref.ts';
import { adapterPath, endpointPath } from '../actor/endpoint-path.ts';
import type { NodeIdentity, PublishedEndpoint, RefResolver } from '../actor/node-services.ts';
import { Endpoint } from '../actor/endpoint.ts';
import type { EndpointTable } from './endpoint-table.ts';
import type { LocalDirectory } from './local-directory.ts';
import { type AddressDelivery, PathRef } from './path-ref.ts';
import { type RemoteDelivery, RemoteRef } from './remote-ref.ts';

/** Makes refs from addresses. */
export class LocalRefs implements RefResolver {
  readonly #identity: NodeIdentity;
  readonly #actors: LocalDirectory;
  readonly #endpoints: EndpointTable;
  readonly #delivery: AddressDelivery & RemoteDelivery;

  constructor(
    identity: NodeIdentity,
    actors: LocalDirectory,
    endpoints: EndpointTable,
    delivery: AddressDelivery & RemoteDelivery,
  ) {
    this.#identity = identity;
    this.#actors = actors;
    this.#endpoints = endpoints;
    this.#delivery = delivery;
  }

  /** Makes refs of addresses that belong to no node, such as those of entities; undefined for any other address. */
  routed: ((address: ActorAddress) => ActorRef<never> | undefined) | undefined = undefined;

  /** A ref to a well-known actor of any node, alive or not. */
  refFor<M>(node: string, path: string): ActorRef<M> {
    if (node === this.#identity.nodeId) return new PathRef<M>(this.#delivery, this.#identity, path);
    return new RemoteRef<M>(this.#delivery, { node, nodeIncarnation: 0, path, uid: 0 });
  }

  resolve(address: ActorAddress, broughtBy = ''): ActorRef<never> {
    const { nodeId, incarnation } = this.#identity;
    const routed = this.routed?.(address);
    if (routed !== undefined) return routed;
    if (address.node !== nodeId) return new RemoteRef(this.#delivery, address, broughtBy);
    const isThisIncarnation = address.nodeIncarnation === incarnation;
    if (address.path === endpointPath || address.path === adapterPath) {
      const endpoint = isThisIncarnation ? this.#endpoints.find(address.uid) : undefined;
      return refOf(endpoint) ?? new RemoteRef(this.#delivery, address);
    }
    if (address.nodeIncarnation === 0 && address.uid === 0)
      return new PathRef(this.#delivery, this.#identity, address.path);
    const actor = isThisIncarnation ? this.#actors.findAlive(address.path, address.uid) : undefined;
    return actor?.ref ?? new RemoteRef(this.#delivery, address);
  }
}

function refOf(endpoint: PublishedEndpoint | undefined): ActorRef<never> | undefined {
  return endpoint instanceof Endpoint ? endpoint : undefined;
}
