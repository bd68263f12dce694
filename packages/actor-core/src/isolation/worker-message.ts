import type { ActorAddress } from '../actor/actor-ref.ts';

/** Data that a worker starts with. */
export interface WorkerStart {
  readonly module: string;
  readonly exportName: string;
  readonly self: ActorAddress;
  readonly path: string;
  readonly incarnation: number;
  readonly data: unknown;
}

/** A message to handle; the next one follows when this one is handled. */
export interface ToWorker {
  readonly message: Uint8Array;
  readonly trace: string | undefined;
}

export type FromWorker =
  /** The current message is handled. */
  | { readonly type: 'done'; readonly stops: boolean }
  | {
      readonly type: 'failed';
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
    }
  | {
      readonly type: 'tell';
      readonly to: ActorAddress;
      readonly message: Uint8Array;
      readonly control: boolean;
    };
