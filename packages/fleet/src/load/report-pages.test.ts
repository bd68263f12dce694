import { expect, it } from 'vitest';
import type { InstanceLoad, LoadReport } from '../protocol/load-report.ts';
import { decodeLoadReport, encodeLoadReportPages } from '../protocol/load-report-codec.ts';
import { ReportPages } from './report-pages.ts';

const instance = (name: string, models: number): InstanceLoad => ({
  name,
  url: 'http://127.0.0.1:1',
  simulated: false,
  version: '1',
  state: 'ready',
  slots: 1,
  busy: 0,
  queued: 0,
  maxQueue: 1,
  catalogueRevision: 1,
  models: Array.from({ length: models }, (_, index) => ({
    name: `${name}-${index}`,
    digest: 'd'.repeat(64),
    loaded: false,
    sizeBytes: 1,
    vramBytes: 0,
    busy: 0,
    queued: 0,
  })),
});
const report = (seq: number, ...instances: InstanceLoad[]): LoadReport => ({
  v: 1,
  node: 'agent',
  incarnation: 1,
  seq,
  instances,
});

function pagesOf(whole: LoadReport): LoadReport[] {
  const { pages, left } = encodeLoadReportPages(whole, 4_000);
  expect(left).toBe(0);
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(4_000);
  return pages.map((page) => decodeLoadReport(page) as LoadReport);
}

it('splits a report into messages that fit and joins them again in any order', () => {
  const whole = report(1, instance('a', 50), instance('b', 0), instance('c', 70));
  const pages = pagesOf(whole);
  expect(pages.length).toBeGreaterThan(3);
  const table = new ReportPages(8);
  const [last, ...others] = pages.toReversed() as [LoadReport, ...LoadReport[]];
  for (const page of others) expect(table.add(page)).toBeUndefined();
  expect(table.add(last)?.instances).toEqual(whole.instances);
});

it('drops an incomplete report when a page of a newer one arrives', () => {
  const table = new ReportPages(8);
  const [first, ...rest] = pagesOf(report(1, instance('a', 50))) as [LoadReport, ...LoadReport[]];
  table.add(first);
  const newer = pagesOf(report(2, instance('a', 49)));
  for (const page of newer.slice(1)) expect(table.add(page)).toBeUndefined();
  for (const page of rest) expect(table.add(page)).toBeUndefined();
  expect(table.add(report(3, instance('a', 1)))?.seq).toBe(3);
});
