import { nodeScheduler, type Random, silentLogger } from '@drover/actor-core';
import { createSubjects } from '@drover/actor-core/cluster';
import {
  type LogFault,
  type LogOperation,
  ManualClock,
  MemoryLogs,
  seededRandom,
  settle,
} from '@drover/actor-core/testing';
import { openQuotaJournal } from '../quota/quota-journal.ts';
import { quotaLogSpec } from '../quota/quota-log.ts';
import { Quotas } from '../quota/quotas.ts';

/** What goes wrong between the gateways and the store. */
export interface QuotaFaults {
  /** Longest time of each way. */
  readonly delayMs: number;
  /** Share of the appends whose answer is lost. */
  readonly replyLost?: number;
  /** Share of the appends that are lost. */
  readonly lost?: number;
  readonly announcementLost?: number;
  /** Share of the reads that lack the newest records. */
  readonly stale?: number;
}

/** One gateway of a rig. */
export interface RigGateway {
  readonly name: string;
  readonly quotas: Quotas;
  /** Ends it as a crash does: it tells nothing. */
  crash(): void;
  /** Whether it reaches the store. */
  isCut: boolean;
}

/** Gateways that share quotas by a log in memory, under a manual clock, with a way to the log that delays and loses. */
export interface QuotaRig {
  readonly clock: ManualClock;
  readonly random: Random;
  readonly gateways: RigGateway[];
  faults: QuotaFaults;
  /** The store answers nobody. */
  isAway: boolean;
  join(): Promise<RigGateway>;
  /** Lets time pass in steps. */
  pass(ms: number, stepMs?: number): Promise<void>;
  end(): void;
}

type Path = NonNullable<Parameters<MemoryLogs['connect']>[1]>;

export async function startQuotaRig(seed: number, faults: QuotaFaults, gateways: number): Promise<QuotaRig> {
  const clock = new ManualClock();
  const random = seededRandom(seed);
  const logs = new MemoryLogs({ clock, scheduler: nodeScheduler() });
  const subjects = createSubjects('test');
  await logs.connect('host').ensure(quotaLogSpec(subjects, 1));
  const all: RigGateway[] = [];
  let joined = 0;

  const rig: QuotaRig = {
    clock,
    random,
    gateways: all,
    faults,
    isAway: false,
    join: async () => {
      const name = `gw-${++joined}`;
      let isDead = false;
      const own: Omit<RigGateway, 'quotas'> & { quotas?: Quotas } = {
        name,
        isCut: false,
        crash: () => {
          isDead = true;
          all.splice(all.indexOf(gateway), 1);
        },
      };
      const isOff = (): boolean => isDead || own.isCut || rig.isAway;
      const path = delayedPath(clock, random, () => rig.faults, isOff);
      const log = logs.connect(name, path);
      const node = { storage: { log }, subjects, nodeId: name, clock, random, log: silentLogger };
      own.quotas = new Quotas({
        clock,
        gateways: () => all.length,
        openJournal: (listener) => openQuotaJournal(node, listener),
      });
      const gateway = own as RigGateway;
      all.push(gateway);
      await rig.pass(200);
      return gateway;
    },
    pass: async (ms, stepMs = 20) => {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(left, stepMs));
        await settle(1);
      }
    },
    end: () => {
      for (const gateway of all.toReversed()) gateway.crash();
    },
  };
  for (let index = 0; index < gateways; index++) await rig.join();
  return rig;
}

/** A way on which every operation takes time, and may go wrong; announcements keep their order. */
function delayedPath(
  clock: ManualClock,
  random: Random,
  faults: () => QuotaFaults,
  isOff: () => boolean,
): Path {
  const pause = () =>
    new Promise<void>((resolve) => clock.setTimer(random.next() * faults().delayMs, resolve));
  let announcedAtMs = 0;
  const faultOf = ({ kind }: LogOperation): LogFault | undefined => {
    const { replyLost = 0, lost = 0, stale = 0 } = faults();
    const draw = random.next();
    if (kind === 'append')
      return draw < replyLost ? 'reply-lost' : draw < replyLost + lost ? 'away' : undefined;
    return kind === 'read' && draw < stale ? 'stale-read' : undefined;
  };
  return {
    perform: async <T>(operation: LogOperation, act: (fault: LogFault | undefined) => T): Promise<T> => {
      await pause();
      const fault = faultOf(operation);
      if (isOff() || fault === 'away') throw new Error('the store does not answer');
      const result = act(fault);
      await pause();
      if (fault === 'reply-lost' || isOff()) throw new Error('the answer is lost');
      return result;
    },
    announce: (_operation, deliver) => {
      if (random.next() < (faults().announcementLost ?? 0)) return true;
      announcedAtMs = Math.max(announcedAtMs, clock.now() + random.next() * faults().delayMs);
      clock.setTimer(announcedAtMs - clock.now(), () => {
        if (!isOff()) deliver();
      });
      return true;
    },
    onInterrupted: () => () => undefined,
  };
}
