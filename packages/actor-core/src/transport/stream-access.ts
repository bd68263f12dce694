/**
 * What a node may do with one stream:
 * - `read`: records and facts about the stream
 * - `consume`: create consumers, lease and acknowledge the tasks of a queue
 * - `remove`: remove records
 * - `create`: create the stream and change its configuration
 *
 * Appending is a permission of its own: it is a publish to a subject that the stream stores. No node may delete a
 * stream.
 */
export type StreamUse = 'read' | 'consume' | 'remove' | 'create';

/** Subjects of JetStream's API by what they are needed for. `{s}` stands for the name of the stream. */
const subjectsOf: Readonly<Record<StreamUse, readonly string[]>> = {
  read: ['$JS.API.STREAM.INFO.{s}', '$JS.API.STREAM.MSG.GET.{s}'],
  consume: [
    '$JS.API.CONSUMER.CREATE.{s}.>',
    '$JS.API.CONSUMER.INFO.{s}.*',
    '$JS.API.CONSUMER.MSG.NEXT.{s}.*',
    '$JS.API.CONSUMER.DELETE.{s}.*',
    '$JS.ACK.{s}.>',
  ],
  remove: ['$JS.API.STREAM.PURGE.{s}', '$JS.API.STREAM.MSG.DELETE.{s}'],
  create: ['$JS.API.STREAM.CREATE.{s}', '$JS.API.STREAM.UPDATE.{s}'],
};

/**
 * The subjects to which a node must be allowed to publish for those uses of a stream. Wildcards of NATS stand for whole
 * tokens and the name of a stream is one token, so permissions name each stream: `CTL_home_G_*` would match nothing.
 */
export function streamAccess(stream: string, ...uses: readonly StreamUse[]): string[] {
  return uses.flatMap((use) => subjectsOf[use]).map((subject) => subject.replace('{s}', stream));
}
