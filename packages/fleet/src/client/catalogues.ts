import type { ClusterNode } from '@drover/actor-core';
import type { FleetConfig } from '../config.ts';
import { type CatalogueMessage, catalogueMessageSchema } from '../protocol/catalogue.ts';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import type { InstanceEvidence, LoadTable } from '../routing/load-table.ts';

/** An instance's answer, and where it lives. */
export type NodeCatalogue = CatalogueMessage & { readonly node: string };

export interface DescribeOptions {
  readonly timeoutMs: number;
  /** Each Ollama is asked what it has loaded now, whatever is known. */
  readonly fresh: boolean;
}

/** What each instance's Ollama lists, asked once for each catalogue revision. Holds only instances that are ready. */
export class Catalogues {
  readonly #node: ClusterNode;
  readonly #load: LoadTable;
  readonly #complainedOf = new Set<string>();
  readonly #config: FleetConfig;
  /** By node, its life, instance and revision. A question under way is shared. */
  #answers = new Map<string, Promise<NodeCatalogue | undefined>>();

  constructor(node: ClusterNode, load: LoadTable, config: FleetConfig) {
    this.#node = node;
    this.#load = load;
    this.#config = config;
  }

  async describe({ timeoutMs, fresh }: DescribeOptions): Promise<readonly NodeCatalogue[]> {
    const current = new Map<string, Promise<NodeCatalogue | undefined>>();
    const asked: Promise<NodeCatalogue | undefined>[] = [];
    for (const evidence of this.#load.instances()) {
      if (!evidence.alive || evidence.load.state !== 'ready') continue;
      const { node, nodeIncarnation, load } = evidence;
      const key = `${node}/${nodeIncarnation}/${load.name}/${load.catalogueRevision}`;
      const known = this.#answers.get(key);
      if (!fresh) current.set(key, known ?? this.#ask(key, evidence, timeoutMs));
      else {
        if (known !== undefined) current.set(key, known);
        asked.push(this.#askNow(evidence, timeoutMs, known));
      }
    }
    this.#answers = current;
    const answers = await Promise.all(fresh ? asked : current.values());
    return answers.filter((answer) => answer !== undefined);
  }

  clear(): void {
    this.#answers.clear();
  }

  async #ask(key: string, evidence: InstanceEvidence, timeoutMs: number): Promise<NodeCatalogue | undefined> {
    const answer = await this.#question(evidence, timeoutMs, {});
    if (answer === undefined) this.#answers.delete(key);
    return answer;
  }

  /** What is loaded now; of an instance that does not answer, what it said before. */
  async #askNow(
    evidence: InstanceEvidence,
    timeoutMs: number,
    known: Promise<NodeCatalogue | undefined> | undefined,
  ): Promise<NodeCatalogue | undefined> {
    return (await this.#question(evidence, timeoutMs, { fresh: true })) ?? (await known);
  }

  async #question(
    { node, load }: InstanceEvidence,
    timeoutMs: number,
    extra: { readonly fresh?: boolean },
  ): Promise<NodeCatalogue | undefined> {
    const instance = this.#node.system.refFor<InstanceMessage>(node, instancePath(load.name));
    const deadlineAtMs = this.#node.clock.now() + timeoutMs;
    const page = async (from: number): Promise<CatalogueMessage> => {
      const answer: unknown = await this.#node.system.ask<InstanceMessage, CatalogueMessage>(
        instance,
        (replyTo) => ({ kind: 'describe', replyTo, from, ...extra }),
        { timeoutMs: Math.max(1, deadlineAtMs - this.#node.clock.now()) },
      );
      return catalogueMessageSchema.parse(answer);
    };
    try {
      const { next, ...whole } = await page(0);
      const tags = [...whole.tags];
      // Each page begins after the one before, so that no answer can keep this going for ever.
      for (let from = next; from !== undefined && from === tags.length; ) {
        const { tags: more, next: then } = await page(from);
        tags.push(...more);
        from = more.length === 0 ? undefined : then;
      }
      return { ...whole, tags, node };
    } catch (error) {
      this.#complain(`${node}/${load.name}`, error);
      return undefined;
    }
  }

  #complain(instance: string, err: unknown): void {
    const { log } = this.#node;
    const first = !this.#complainedOf.has(instance) && this.#complainedOf.size < this.#config.maxNodes;
    if (first) this.#complainedOf.add(instance);
    const level = first ? 'warn' : 'debug';
    log[level](
      { instance, err },
      'an instance did not say what models it has; its models are left out of this list',
    );
  }
}
