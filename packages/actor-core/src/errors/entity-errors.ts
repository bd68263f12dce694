import { DroverError } from './drover-error.ts';

/**
 * A message could not be given to an entity within its time: no node may hold the entity, its owner was lost or cannot
 * be reached, the store does not answer, or the entity failed too often. `isHandled` is false where the message was
 * certainly not handled; a retry is then safe. Otherwise retry only what is idempotent.
 */
export class EntityUnavailableError extends DroverError {
  readonly code = 'entity-unavailable';
  readonly type: string;
  readonly key: string;
  /** `unknown`: the node that had the message was lost. */
  readonly isHandled: false | 'unknown';
  constructor(
    entity: { readonly type: string; readonly key: string },
    detail: string,
    options?: ErrorOptions & { readonly isHandled?: false | 'unknown' },
  ) {
    const { isHandled = false, ...rest } = options ?? {};
    super(`the entity ${entity.type}/${entity.key} is not available: ${detail}`, rest);
    this.type = entity.type;
    this.key = entity.key;
    this.isHandled = isHandled;
  }
}
