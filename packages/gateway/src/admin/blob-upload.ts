import { type ActorRef, type Clock, props, receive, type StreamWriter } from '@drover/actor-core';
import {
  type AdminTarget,
  type BlobAnswer,
  type BlobMessage,
  type BlobSourceMessage,
  blobPartBytes,
  blobSourceSchema,
  blobsPath,
} from '@drover/fleet';
import type { GatewayServices } from '../services.ts';

/** Time for a node-agent and its Ollama to say whether a file is there. */
const hasMs = 10_000;
/** Longest upload. Its stream notices much earlier that a reader has gone. */
const uploadMs = 86_400_000;
/** Time for a host to open its stream. */
const openMs = 12_000;
/** Time for the answer of a host that has left its stream. */
const answerMs = 10_000;

/** The answer of one host about a file. */
export interface HostBlobAnswer extends BlobAnswer {
  readonly target: AdminTarget;
}

/** Asks each host whether it has the file. A host that does not answer has it not. */
export async function askBlobs(
  { node }: GatewayServices,
  digest: string,
  targets: readonly AdminTarget[],
): Promise<readonly HostBlobAnswer[]> {
  return Promise.all(
    targets.map(async (target) => {
      const answer = await node.system
        .ask<BlobMessage, BlobAnswer>(
          node.system.refFor<BlobMessage>(target.node, blobsPath),
          (replyTo) => ({ kind: 'has', instance: target.instance, digest, replyTo }),
          { timeoutMs: hasMs },
        )
        .catch(away);
      return { ...answer, target };
    }),
  );
}

/**
 * Sends one file to several hosts at the speed of the slowest one; a host that breaks off holds up nobody. The file is
 * read once, and a few parts of it are in memory.
 */
export async function uploadBlob(
  { node }: GatewayServices,
  digest: string,
  targets: readonly AdminTarget[],
  file: AsyncIterable<Uint8Array>,
): Promise<readonly HostBlobAnswer[]> {
  const fan = new Fan(targets.map(readerOf), node.clock);
  const source: ActorRef<BlobSourceMessage> = node.system.spawn(
    props(
      () =>
        receive<BlobSourceMessage>(({ reader, replyTo }, context) =>
          fan.open(reader, context.openStream<Uint8Array>(replyTo)),
        ),
      { restart: 'temporary', protocol: blobSourceSchema },
    ),
    `blob-upload-${node.random.id()}`,
  );
  try {
    const answers = targets.map((target) => ask(node.system, target, digest, source, fan));
    await fan.send(file);
    return await Promise.all(answers);
  } finally {
    await node.system.stop(source);
  }
}

async function ask(
  system: GatewayServices['node']['system'],
  target: AdminTarget,
  digest: string,
  source: ActorRef<BlobSourceMessage>,
  fan: Fan,
): Promise<HostBlobAnswer> {
  const reader = readerOf(target);
  const answer = await system
    .ask<BlobMessage, BlobAnswer>(
      system.refFor<BlobMessage>(target.node, blobsPath),
      (replyTo) => ({ kind: 'upload', instance: target.instance, digest, source, replyTo }),
      { timeoutMs: uploadMs, signal: fan.lost(reader) },
    )
    .catch(away);
  fan.gone(reader);
  return { ...answer, target };
}

function readerOf({ node, instance }: AdminTarget): string {
  return `${node}/${instance}`;
}

function away(): BlobAnswer {
  return { status: 502, error: 'the host does not answer' };
}

/** The streams of one upload. */
class Fan {
  readonly #clock: Clock;
  readonly #writers = new Map<string, StreamWriter<Uint8Array>>();
  /** Readers that have neither opened their stream nor gone. */
  readonly #awaited: Set<string>;
  readonly #lost = new Map<string, AbortController>();
  readonly #complete = Promise.withResolvers<void>();

  constructor(readers: readonly string[], clock: Clock) {
    this.#clock = clock;
    this.#awaited = new Set(readers);
    for (const reader of readers) this.#lost.set(reader, new AbortController());
  }

  /** Aborted when the reader did not open its stream in time, or has left it. */
  lost(reader: string): AbortSignal {
    return this.#lost.get(reader)?.signal ?? AbortSignal.abort();
  }

  open(reader: string, writer: StreamWriter<Uint8Array>): void {
    if (!this.#awaited.has(reader)) return writer.fail('unexpected', 'nobody asked for this reader');
    this.#writers.set(reader, writer);
    this.#settle(reader);
  }

  /** Its host has answered, early or at the end. */
  gone(reader: string): void {
    this.#writers.delete(reader);
    this.#settle(reader);
  }

  /** Writes the file to all that have opened their stream. @throws what reading the file throws */
  async send(file: AsyncIterable<Uint8Array>): Promise<void> {
    const timer = this.#clock.setTimer(openMs, () => {
      for (const reader of this.#awaited) this.#lose(reader);
    });
    await this.#complete.promise;
    timer.cancel();
    try {
      for await (const chunk of file)
        for (let from = 0; from < chunk.byteLength; from += blobPartBytes) {
          const part = chunk.subarray(from, from + blobPartBytes);
          await Promise.all([...this.#writers].map(([reader, writer]) => this.#write(reader, writer, part)));
        }
    } catch (error) {
      for (const writer of this.#writers.values()) writer.fail('source-broken', 'the upload ended early');
      throw error;
    }
    for (const writer of this.#writers.values()) writer.end();
  }

  async #write(reader: string, writer: StreamWriter<Uint8Array>, part: Uint8Array): Promise<void> {
    try {
      await writer.write(part);
    } catch {
      // Its host answers why, unless the host itself has gone.
      this.#writers.delete(reader);
      this.#clock.setTimer(answerMs, () => this.#lose(reader));
    }
  }

  #lose(reader: string): void {
    this.#lost.get(reader)?.abort();
    this.gone(reader);
  }

  #settle(reader: string): void {
    this.#awaited.delete(reader);
    if (this.#awaited.size === 0) this.#complete.resolve();
  }
}
