import { adminJobsBucket, adminJobsOf, type LocalNode } from '@drover/actor-core/cluster';
import type { AdminJob } from './admin-job.ts';
import type { KnownSigners } from '../signing/known-signers.ts';
import {
  type AdminAnswer,
  type AdminQuestion,
  decodeAdminAnswer,
  encodeAdminMessage,
  type HandedJob,
} from './admin-message.ts';
import type { AdminReport } from './decide-admin-job.ts';

/** What a node-agent needs of its node to reach its admin jobs. */
export type AdminAskingNode = Pick<LocalNode, 'transport' | 'subjects' | 'nodeId' | 'clock' | 'log'>;

/** The admin jobs of one node-agent, which reaches them through a host. */
export interface NodeAdminJobs {
  /** Tells what became of a job. Undefined: no host could note it; ask again. */
  report(report: AdminReport): Promise<'noted' | 'gone' | undefined>;
  /** Asks for the jobs now. */
  ask(): void;
  close(): void;
}

const answerTimeoutMs = 3_000;
/** Time between two questions while no host answers. */
const retryMs = 1_000;
/** Time between two questions while nothing is announced: an announcement may be lost. */
const repeatMs = 15_000;

/** Who executes the jobs. */
export interface AdminJobTaker {
  /** The jobs of this node that are not over, the oldest first; some may be taken already. */
  take(jobs: readonly AdminJob[]): void;
  /** Whether that job is taken: what is announced about it comes from its own reports. */
  hasTaken(key: string): boolean;
}

/**
 * Hands the jobs of this node that are not over to `taker`: when the node-agent starts, when NATS announces that one
 * was written, after a reconnect, and every 15 s. Jobs that no authorised
 * host has signed are left out.
 */
export function followNodeAdminJobs(
  node: AdminAskingNode,
  taker: AdminJobTaker,
  signers: Pick<KnownSigners, 'judge'>,
): NodeAdminJobs {
  const asking = new Asking(node, taker, signers);
  asking.ask();
  return asking;
}

class Asking implements NodeAdminJobs {
  readonly #node: AdminAskingNode;
  readonly #taker: AdminJobTaker;
  readonly #signers: Pick<KnownSigners, 'judge'>;
  readonly #ends: (() => void)[];
  #timer: { cancel(): void } | undefined;
  #isAsking = false;
  /** Something was announced while a question was on its way. */
  #isOutdated = false;
  #hasEnded = false;

  constructor(node: AdminAskingNode, taker: AdminJobTaker, signers: Pick<KnownSigners, 'judge'>) {
    this.#node = node;
    this.#signers = signers;
    this.#taker = taker;
    const { transport, subjects, nodeId } = node;
    const beforeKey = `$KV.${adminJobsBucket(subjects.cell)}.`;
    const announcements = transport.subscribe(adminJobsOf(subjects.cell, nodeId), ({ subject }) => {
      const key = subject.slice(subject.indexOf(beforeKey) + beforeKey.length);
      if (!taker.hasTaken(key)) this.ask();
    });
    this.#ends = [
      () => announcements.unsubscribe(),
      transport.onConnectionChange((connected) => {
        if (connected) this.ask();
      }),
    ];
  }

  ask(): void {
    if (this.#hasEnded) return;
    this.#isOutdated = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#timer?.cancel();
    void this.#request({ kind: 'list' }).then((answer) => this.#answered(answer));
  }

  async report(report: AdminReport): Promise<'noted' | 'gone' | undefined> {
    const answer = await this.#request({ kind: 'report', report });
    return answer?.kind === 'noted' || answer?.kind === 'gone' ? answer.kind : undefined;
  }

  close(): void {
    this.#hasEnded = true;
    this.#timer?.cancel();
    for (const end of this.#ends) end();
  }

  #answered(answer: AdminAnswer | undefined): void {
    this.#isAsking = false;
    if (this.#hasEnded) return;
    const handed = answer?.kind === 'jobs' ? answer.jobs : undefined;
    const signed = handed?.filter((one) => this.#isSigned(one)) ?? [];
    if (handed !== undefined) this.#taker.take(signed.map(({ job }) => job));
    if (this.#isOutdated) return this.ask();
    const delayMs = handed?.length === signed.length ? repeatMs : retryMs;
    this.#timer = this.#node.clock.setTimer(delayMs, () => this.ask());
  }

  #isSigned({ job, principal }: HandedJob): boolean {
    const verdict = this.#signers.judge(principal, principal?.tenant ?? 'default');
    if (verdict === 'valid' || verdict === 'unsigned') return true;
    // The key of a host that has just started is announced within 5 s.
    const level = verdict === 'unknown-signer' ? 'debug' : 'warn';
    const { id, operation, model } = job;
    this.#node.log[level](
      { job: id, operation, model, verdict },
      'an admin job is left out for its principal',
    );
    return false;
  }

  async #request(question: AdminQuestion): Promise<AdminAnswer | undefined> {
    const { transport, subjects, nodeId, log } = this.#node;
    try {
      const options = { timeoutMs: answerTimeoutMs };
      const payload = encodeAdminMessage(question);
      return decodeAdminAnswer(await transport.request(subjects.adminJobs(nodeId), payload, options));
    } catch (err) {
      log.debug({ err }, 'no host answers about admin jobs yet');
      return undefined;
    }
  }
}
