import type { ActorAddress } from './actor-ref.ts';

/** Base class of all refs of this package. The frame codec and the schemas recognise refs by it. */
export abstract class BaseRef {
  abstract readonly address: ActorAddress;
}
