import type { ActorAddress } from './actor-ref.ts';

/** Base of every ref the runtime makes; how the codec and the schema helper recognise one. */
export abstract class BaseRef {
  abstract readonly address: ActorAddress;
}
