import type { Runnable, Scheduler } from '../scheduler.ts';

/** Time for turns in microtasks before timers and I/O run. */
const sliceMs = 2;
/** Turns between two readings of the clock. After a reading that came too late, the next one comes after one turn. */
const turnsPerLook = 4;

/**
 * Runs turns in microtasks, where they are fastest, for at most one slice of time per round of the event loop; the rest
 * waits for the next round. Turns that schedule further turns therefore never starve I/O.
 */
export function nodeScheduler(): Scheduler {
  let ready: (Runnable | (() => void))[] = [];
  let next = 0;
  let armed = false;
  let sliceEnd = 0;
  let sliceOpen = false;
  let isSlow = false;
  /** Sends of this round: none · those of the first tick are queued · they ran, so that others wait for the end. */
  let sending: 'none' | 'queued' | 'done' = 'none';
  /** Sends for the end of this round of the event loop. */
  let sends: (() => void)[] = [];

  const drain = () => {
    armed = false;
    // A turn that schedules another one starts the next slice.
    const end = sliceEnd;
    let untilLook = isSlow ? 1 : turnsPerLook;
    try {
      while (next < ready.length) {
        const task = ready[next] as Runnable | (() => void);
        ready[next++] = nothing;
        if (typeof task === 'function') task();
        else task.run();
        if (--untilLook > 0) continue;
        // oxlint-disable-next-line no-restricted-globals -- the adapter itself
        const now = performance.now();
        if (now > end) {
          isSlow ||= end !== 0;
          break;
        }
        isSlow = false;
        untilLook = turnsPerLook;
      }
    } finally {
      if (next >= ready.length) {
        ready = ready.length > 4096 ? [] : ready;
        ready.length = 0;
        next = 0;
      } else {
        if (next > 4096) {
          ready = ready.slice(next);
          next = 0;
        }
        arm();
      }
    }
  };
  const openSlice = () => {
    sliceOpen = false;
    sliceEnd = 0;
    try {
      if (armed) drain();
    } finally {
      sending = 'none';
      sendAll();
    }
  };
  const firstSendsRun = () => {
    sending = 'done';
  };
  const sendAll = () => {
    const due = sends;
    if (due.length === 0) return;
    sends = [];
    for (const send of due) send();
  };
  const arm = () => {
    if (armed) return;
    armed = true;
    // oxlint-disable-next-line no-restricted-globals -- the adapter itself
    const now = performance.now();
    if (!sliceOpen) {
      sliceOpen = true;
      sliceEnd = now + sliceMs;
      // oxlint-disable-next-line no-restricted-globals -- the adapter itself
      setImmediate(openSlice);
    }
    // After the slice, the pending immediate runs the rest.
    // oxlint-disable-next-line no-restricted-globals -- the adapter itself
    if (now < sliceEnd) queueMicrotask(microtask);
  };
  const microtask = () => {
    if (armed) drain();
  };
  return {
    schedule(task) {
      ready.push(task);
      arm();
    },
    scheduleRun(runnable) {
      ready.push(runnable);
      arm();
    },
    scheduleSend(task) {
      // The pending immediate ends the round.
      if (sending === 'done') {
        sends.push(task);
        return;
      }
      if (sending === 'none') {
        sending = 'queued';
        ready.push(firstSendsRun);
      }
      ready.push(task);
      arm();
    },
  };
}

function nothing(): void {}
