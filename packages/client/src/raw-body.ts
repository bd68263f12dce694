/** A body that is sent as it is. It can be sent again, which a stream cannot. */
export type RawBody = string | Uint8Array<ArrayBuffer> | Blob;
