import { type ActorContext, type Props, props, receive } from '@drover/actor-core';
import {
  type BlobAnswer,
  type BlobMessage,
  type BlobSourceMessage,
  blobMessageSchema,
  blobWindow,
} from '@drover/fleet';
import type { OllamaAdmin } from './ollama-admin.ts';

/** Time for a source to begin. */
const openMs = 10_000;

/**
 * The actor `blobs` of a node-agent: hands the files of uploads to its Ollamas as they arrive. Nothing is kept here: an
 * upload whose source ends early is an upload that has failed.
 *
 * @param ollamas by name of the instance
 */
export function blobsProps(ollamas: ReadonlyMap<string, OllamaAdmin>): Props<BlobMessage> {
  const behaviour = receive<BlobMessage>((message, context) => {
    const ollama = ollamas.get(message.instance);
    if (ollama === undefined)
      return message.replyTo.tell({ status: 404, error: `no Ollama ${message.instance} on this node` });
    const answer =
      message.kind === 'has'
        ? ollama.hasBlob(message.digest, context.signal)
        : ollama.putBlob(message.digest, partsOf(context, message), context.signal);
    // The next upload begins meanwhile.
    void reply(answer, message);
  });
  return props(() => behaviour, { restart: 'permanent', protocol: blobMessageSchema });
}

function partsOf(
  context: ActorContext<BlobMessage>,
  { source, instance }: Extract<BlobMessage, { kind: 'upload' }>,
): AsyncIterable<Uint8Array> {
  return context.askStream<BlobSourceMessage, Uint8Array>(
    source,
    (replyTo) => ({ reader: `${context.self.address.node}/${instance}`, replyTo }),
    { timeoutMs: openMs, window: blobWindow },
  );
}

async function reply(answer: Promise<BlobAnswer>, { replyTo }: BlobMessage): Promise<void> {
  replyTo.tell(await answer);
}
