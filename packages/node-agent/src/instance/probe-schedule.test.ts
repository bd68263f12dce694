import { describe, expect, it } from 'vitest';
import {
  beginProbe,
  emptySchedule,
  endProbe,
  probeDueAtMs,
  type ProbeSchedule,
  wantProbe,
} from './probe-schedule.ts';

const delayMs = 250;
const soon = (schedule: ProbeSchedule, nowMs: number) => wantProbe(schedule, nowMs + delayMs);
const idle = endProbe(beginProbe(emptySchedule, 0), 5_000);

describe('the schedule of probes', () => {
  it('is periodic without events', () => {
    expect(probeDueAtMs(idle)).toBe(5_000);
    expect(probeDueAtMs(endProbe(beginProbe(idle, 5_000), 10_000))).toBe(10_000);
  });

  it('has one probe for one event', () => {
    const wanted = soon(idle, 1_000);
    expect(probeDueAtMs(wanted)).toBe(1_250);
    expect(probeDueAtMs(endProbe(beginProbe(wanted, 1_250), 6_250))).toBe(6_250);
  });

  it('has another probe after a probe that was running at the event', () => {
    const during = soon(beginProbe(idle, 5_000), 5_010);
    expect(probeDueAtMs(during)).toBe(Number.POSITIVE_INFINITY);
    expect(probeDueAtMs(endProbe(during, 10_000))).toBe(5_260);
  });

  it('has a probe at once if the running probe lasted longer than the delay', () => {
    expect(probeDueAtMs(endProbe(soon(beginProbe(idle, 5_000), 5_010), 12_000))).toBe(5_260);
  });

  it('has another probe if a probe started for another reason before the event took effect', () => {
    const early = beginProbe(soon(idle, 1_000), 1_001);
    expect(probeDueAtMs(endProbe(early, 6_000))).toBe(1_250);
  });

  it('has one probe for several events, and another one for events that it does not cover', () => {
    const many = [1_000, 1_100, 1_249].reduce(soon, idle);
    expect(probeDueAtMs(many)).toBe(1_250);
    const after = endProbe(beginProbe(many, 1_250), 6_250);
    expect(probeDueAtMs(after)).toBe(1_499);
    expect(probeDueAtMs(endProbe(beginProbe(after, 1_499), 6_499))).toBe(6_499);
  });
});
