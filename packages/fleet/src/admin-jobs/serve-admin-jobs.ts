import { anyToken, type LocalNode, senderOf } from '@drover/actor-core/cluster';
import type { EventPublisher } from '../events/event-publisher.ts';
import { type AdminJob, encodeAdminJob } from './admin-job.ts';
import { AdminJobStore } from './admin-job-store.ts';
import {
  type AdminAnswer,
  type AdminQuestion,
  decodeAdminQuestion,
  encodeAdminMessage,
} from './admin-message.ts';
import type { RequestPrincipal } from '../protocol/signed-principal.ts';
import type { PrincipalSigner } from '../signing/principal-signer.ts';
import { publishJob } from './publish-job.ts';
import { type AdminReport, decideReport } from './decide-admin-job.ts';

/** Queue group of the hosts: one of them answers each question. */
const answerers = 'admin-jobs';
/** Questions that are answered at the same time; further ones are not answered. */
const maxQuestions = 64;
/** Attempts to write a job that others write too. */
const maxWrites = 5;
/** Bytes of the jobs in one answer; a node-agent that has done some asks for the next ones. */
const maxListBytes = 512 * 1024;
/** Who submits jobs that no client asked for. */
const ofCluster: RequestPrincipal = Object.freeze({ keyId: '', tenant: 'default', roles: [] });
/** Time between two looks whether the bucket is still there. */
const keepMs = 5_000;

/**
 * Keeps the admin jobs for node-agents, which may not use the store: tells each its own jobs, and writes down what it
 * reports about them. Runs on hosts, and creates the bucket. Each write asserts the revision that was read, so that any
 * host may answer any question.
 *
 * @param signer signs who submitted a job. @default nothing is signed: refused where the cluster has keys
 * @returns the function that ends it
 */
export function serveAdminJobs(
  node: LocalNode,
  events?: EventPublisher,
  signer?: PrincipalSigner,
): () => void {
  const keeper = new Keeper(node, events, signer);
  keeper.keepBucket();
  return () => keeper.end();
}

class Keeper {
  readonly #node: LocalNode;
  readonly #store: AdminJobStore;
  readonly #events: EventPublisher | undefined;
  readonly #signer: PrincipalSigner | undefined;
  readonly #subscription: { unsubscribe(): void };
  #timer: { cancel(): void } | undefined;
  #running = 0;
  #hasEnded = false;

  constructor(node: LocalNode, events: EventPublisher | undefined, signer: PrincipalSigner | undefined) {
    this.#node = node;
    this.#signer = signer;
    this.#events = events;
    this.#store = new AdminJobStore(node);
    this.#subscription = node.transport.subscribe(
      node.subjects.adminJobs(anyToken),
      ({ subject, payload, respond }) => {
        if (respond !== undefined && this.#running < maxQuestions)
          void this.#respond(senderOf(subject), decodeAdminQuestion(payload), respond);
      },
      { queue: answerers },
    );
  }

  /** Creates the bucket where there is none, now and after the store was lost. */
  keepBucket(): void {
    this.#store
      .renew()
      .catch((err: unknown) => this.#node.log.debug({ err }, 'the bucket of admin jobs cannot be opened'))
      .finally(() => {
        if (!this.#hasEnded) this.#timer = this.#node.clock.setTimer(keepMs, () => this.keepBucket());
      });
  }

  end(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#subscription.unsubscribe();
  }

  async #respond(
    sender: string,
    question: AdminQuestion | undefined,
    respond: (payload: Uint8Array) => void,
  ): Promise<void> {
    if (question === undefined) return;
    this.#running += 1;
    try {
      respond(encodeAdminMessage(await this.#answer(sender, question)));
    } catch (err) {
      this.#node.log.debug({ err, sender }, 'could not answer a question about admin jobs');
      respond(encodeAdminMessage({ kind: 'busy' }));
    } finally {
      this.#running -= 1;
    }
  }

  async #answer(sender: string, question: AdminQuestion): Promise<AdminAnswer> {
    if (question.kind === 'list') {
      const jobs = fitting(await this.#store.unfinishedOf(sender));
      const sign = ({ principal = ofCluster }: AdminJob) => this.#signer?.sign(principal, sender);
      return { kind: 'jobs', jobs: jobs.map((job) => ({ job, principal: sign(job) })) };
    }
    return { kind: await this.#note(sender, question.report) };
  }

  async #note(sender: string, report: AdminReport): Promise<'noted' | 'gone' | 'busy'> {
    // The key names the node, so that no node-agent makes a host read the jobs of another one.
    if (!report.key.startsWith(`${sender}.`)) return 'gone';
    for (let writes = 0; writes < maxWrites; writes += 1) {
      const { job, revision } = await this.#store.get(report.key);
      const decision = decideReport(job, report, sender);
      if (decision.kind === 'gone') return 'gone';
      if (decision.kind === 'known') return 'noted';
      if (!(await this.#store.write(report.key, decision.job, revision))) continue;
      publishJob(this.#events, decision.job);
      return 'noted';
    }
    return 'busy';
  }
}

/** The first jobs that fit into one answer. */
function fitting(jobs: readonly AdminJob[]): readonly AdminJob[] {
  let bytes = 0;
  return jobs.filter((job) => {
    bytes += encodeAdminJob(job).byteLength;
    return bytes <= maxListBytes;
  });
}
