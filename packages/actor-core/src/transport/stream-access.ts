/**
 * What a node may do with one stream, from the least to the most:
 * - `read`: records and facts about the stream
 * - `consume`: besides that, lease and acknowledge the tasks of a queue
 * - `remove`: besides that, remove records and consumers
 * - `manage`: besides all that, create the stream
 *
 * Appending is a permission of its own: it is a publish to a subject that the stream stores.
 */
export type StreamUse = 'read' | 'consume' | 'remove' | 'manage';

const uses: readonly StreamUse[] = ['read', 'consume', 'remove', 'manage'];

/** Subjects of JetStream's API by what they are needed for. `{s}` stands for the name of the stream. */
const subjectsOf: Readonly<Record<StreamUse, readonly string[]>> = {
  read: ['$JS.API.STREAM.INFO.{s}', '$JS.API.STREAM.MSG.GET.{s}'],
  consume: [
    '$JS.API.CONSUMER.CREATE.{s}.>',
    '$JS.API.CONSUMER.INFO.{s}.*',
    '$JS.API.CONSUMER.MSG.NEXT.{s}.*',
    '$JS.ACK.{s}.>',
  ],
  remove: ['$JS.API.STREAM.PURGE.{s}', '$JS.API.STREAM.MSG.DELETE.{s}', '$JS.API.CONSUMER.DELETE.{s}.*'],
  manage: ['$JS.API.STREAM.CREATE.{s}', '$JS.API.STREAM.UPDATE.{s}'],
};

/**
 * The subjects to which a node must be allowed to publish in order to read a bucket of values, or also to write its
 * keys. The bucket itself is created by a node that may `manage` its stream.
 */
export function bucketAccess(bucket: string, use: 'read' | 'write'): string[] {
  return [...streamAccess(`KV_${bucket}`, 'read'), ...(use === 'write' ? [`$KV.${bucket}.>`] : [])];
}

/**
 * The subjects to which a node must be allowed to publish for that use of a stream. Wildcards of NATS stand for whole
 * tokens and the name of a stream is one token, so permissions name each stream: `CTL_home_G_*` would match nothing.
 */
export function streamAccess(stream: string, use: StreamUse): string[] {
  return uses
    .slice(0, uses.indexOf(use) + 1)
    .flatMap((part) => subjectsOf[part])
    .map((subject) => subject.replace('{s}', stream));
}
