import type { BucketWatch, KeyChange } from '../../../storage/key-value/key-value.ts';
import { bucketLog, keyOf } from '../../../storage/key-value/bucket-spec.ts';
import type { TestNode } from '../../test-node.ts';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';
import { registersBucket } from './registers.ts';

const retryMs = 500;

interface Copy {
  /** Newest revision of each key. */
  readonly revisions: Map<string, number>;
  last: number;
  watch: BucketWatch | undefined;
}

/**
 * A copy of the registers on every node, kept by a watch.
 *
 * - Changes arrive in order, each once, until the watch reports that the bucket begins again.
 * - In the end every copy equals the bucket, whatever announcements were lost.
 */
export class Copies implements Workload {
  readonly #world: World;
  readonly #copies = new Map<TestNode, Copy>();

  constructor(world: World) {
    this.#world = world;
  }

  startNode(node: TestNode): void {
    const copy: Copy = { revisions: new Map(), last: 0, watch: undefined };
    this.#copies.set(node, copy);
    void this.#watch(node, copy);
  }

  /** Closes the watch of a node and begins another one. */
  act(): boolean {
    const node = this.#world.anyNode();
    const copy = node === undefined ? undefined : this.#copies.get(node);
    if (node === undefined || copy?.watch === undefined) return false;
    copy.watch.close();
    copy.watch = undefined;
    void this.#watch(node, copy);
    return true;
  }

  checkEnd(): void {
    const world = this.#world;
    const { logs } = world.simulation.hub;
    const name = bucketLog(registersBucket.name);
    // The store was wiped, and nobody has used the bucket since.
    if (!logs.names.includes(name)) return;
    const stream = logs.stream(name);
    const truth = stream.lastUnder('>').map(({ subject, sequence }) => [subject, sequence] as const);
    for (const node of world.nodes()) {
      const copy = this.#copies.get(node);
      for (const [subject, sequence] of truth) {
        const seen = copy?.revisions.get(keyOf(registersBucket.name, subject));
        world.check(
          seen === sequence,
          `${node.nodeId} has ${subject} at ${seen} and the bucket at ${sequence}`,
        );
      }
    }
  }

  async #watch(node: TestNode, copy: Copy): Promise<void> {
    this.#begin(copy);
    while (copy.watch === undefined && this.#world.isAlive(node))
      try {
        const bucket = await node.storage.keyValue.ensure(registersBucket);
        copy.watch = await bucket.watch({
          onChange: (change) => this.#change(node, copy, change),
          onCaughtUp: () => this.#world.count('caughtUp'),
          onReset: () => {
            this.#world.check(
              this.#world.hasLostRecords,
              `${node.nodeId} was told that the bucket begins again`,
            );
            this.#begin(copy);
          },
        });
      } catch {
        await new Promise<void>((resolve) => node.clock.setTimer(retryMs, resolve));
      }
  }

  #begin(copy: Copy): void {
    copy.revisions.clear();
    copy.last = 0;
  }

  #change(node: TestNode, copy: Copy, { key, revision }: KeyChange): void {
    if (!this.#world.isAlive(node)) return;
    this.#world.check(revision > copy.last, `${node.nodeId} got revision ${revision} after ${copy.last}`);
    copy.last = revision;
    copy.revisions.set(key, revision);
    this.#world.count('changes');
  }
}
