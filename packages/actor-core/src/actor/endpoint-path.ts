/** Path of an endpoint that is not an actor: a pending ask or one end of a stream. Its uid tells which endpoint. */
export const endpointPath = '$ask';

/** Path of an adapter. Its uid tells which adapter. */
export const adapterPath = '$adapter';
