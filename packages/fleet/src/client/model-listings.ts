import type { ClusterNode } from '@drover/actor-core/cluster';
import type { FleetConfig } from '../config.ts';
import { type ModelListing, modelListingSchema } from '../protocol/model-listing.ts';
import { type InstanceMessage, instancePath } from '../protocol/instance-message.ts';
import type { InstanceEvidence, LoadTable } from '../load/load-table.ts';
import { SharedQuestion } from './shared-question.ts';

/** The model listing of an instance, with the id of its node. */
export type NodeModelListing = ModelListing & { readonly node: string };

export interface DescribeOptions {
  readonly timeoutMs: number;
  /**
   * True: each Ollama is asked again which models are loaded, even if a list is cached. Takes at most
   * `describeTimeoutMs` of the configuration.
   */
  readonly fresh: boolean;
}

/** Model lists of all ready instances, requested once for each revision. */
export class ModelListings {
  readonly #node: ClusterNode;
  readonly #load: LoadTable;
  readonly #warnedOf = new Set<string>();
  readonly #config: FleetConfig;
  readonly #fresh = new SharedQuestion(() => this.#askAll());
  /** By node, incarnation, instance and revision. Concurrent callers share a request. */
  #answers = new Map<string, Promise<NodeModelListing | undefined>>();

  constructor(node: ClusterNode, load: LoadTable, config: FleetConfig) {
    this.#node = node;
    this.#load = load;
    this.#config = config;
  }

  async describe({ timeoutMs, fresh }: DescribeOptions): Promise<readonly NodeModelListing[]> {
    if (fresh) return await this.#fresh.ask();
    const current = new Map<string, Promise<NodeModelListing | undefined>>();
    for (const evidence of this.#ready()) {
      const key = keyOf(evidence);
      current.set(key, this.#answers.get(key) ?? this.#ask(key, evidence, timeoutMs));
    }
    this.#answers = current;
    const answers = await Promise.all(current.values());
    return answers.filter((answer) => answer !== undefined);
  }

  clear(): void {
    this.#answers.clear();
  }

  async #ask(
    key: string,
    evidence: InstanceEvidence,
    timeoutMs: number,
  ): Promise<NodeModelListing | undefined> {
    const answer = await this.#question(evidence, timeoutMs, {});
    if (answer === undefined) this.#answers.delete(key);
    return answer;
  }

  /** Fresh lists; for an instance that does not answer, its cached list. */
  async #askAll(): Promise<readonly NodeModelListing[]> {
    const { describeTimeoutMs } = this.#config;
    const asked = this.#ready().map(async (evidence) => {
      const answer = await this.#question(evidence, describeTimeoutMs, { fresh: true });
      return answer ?? (await this.#answers.get(keyOf(evidence)));
    });
    const answers = await Promise.all(asked);
    return answers.filter((answer) => answer !== undefined);
  }

  #ready(): InstanceEvidence[] {
    return this.#load.instances().filter(({ alive, load }) => alive && load.state === 'ready');
  }

  async #question(
    { node, load }: InstanceEvidence,
    timeoutMs: number,
    extra: { readonly fresh?: boolean },
  ): Promise<NodeModelListing | undefined> {
    const instance = this.#node.system.refFor<InstanceMessage>(node, instancePath(load.name));
    const deadlineAtMs = this.#node.clock.now() + timeoutMs;
    const page = async (from: number): Promise<ModelListing> => {
      const answer: unknown = await this.#node.system.ask<InstanceMessage, ModelListing>(
        instance,
        (replyTo) => ({ kind: 'describe', replyTo, from, ...extra }),
        { timeoutMs: Math.max(1, deadlineAtMs - this.#node.clock.now()) },
      );
      return modelListingSchema.parse(answer);
    };
    try {
      const { next, ...whole } = await page(0);
      const tags = [...whole.tags];
      // Accepts a page only if it begins where the previous page ended. Otherwise an instance could keep the loop
      // running.
      for (let from = next; from !== undefined && from === tags.length; ) {
        const { tags: more, next: then } = await page(from);
        tags.push(...more);
        from = more.length === 0 ? undefined : then;
      }
      return { ...whole, tags, node };
    } catch (error) {
      this.#warnOnce(`${node}/${load.name}`, error);
      return undefined;
    }
  }

  #warnOnce(instance: string, err: unknown): void {
    const { log } = this.#node;
    const first = !this.#warnedOf.has(instance) && this.#warnedOf.size < this.#config.maxNodes;
    if (first) this.#warnedOf.add(instance);
    const level = first ? 'warn' : 'debug';
    log[level](
      { instance, err },
      'an instance did not answer with its models; they are missing in this list',
    );
  }
}

function keyOf({ node, nodeIncarnation, load }: InstanceEvidence): string {
  return `${node}/${nodeIncarnation}/${load.name}/${load.catalogueRevision}`;
}
