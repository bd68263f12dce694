import type { ClusterNode, GroupLeaders, HeardLeader } from '@drover/actor-core/cluster';
import { Gauge, type Registry } from 'prom-client';

/** Groups with a label of their own; further ones are left out. */
const maxGroups = 64;

/** Gauges of the view and of the leaders, as this gateway hears them. Read at each scrape. */
export function registerClusterGauges(
  registry: Registry,
  { view }: Pick<ClusterNode, 'view'>,
  leaders: GroupLeaders,
): void {
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect(): void {
          this.reset();
          collect(this);
        },
      }),
    );
  };
  const byGroup = (set: (heard: HeardLeader) => void): void => {
    for (const heard of leaders.all().slice(0, maxGroups)) set(heard);
  };
  gauge('drover_view_epoch', 'Number of the newest view of the cluster; 0 before the first.', [], (one) =>
    one.set(view.current()?.epoch ?? 0),
  );
  gauge('drover_members', 'Members of the view by state.', ['state'], (one) => {
    for (const { state } of view.current()?.members ?? []) one.inc({ state });
  });
  gauge('drover_leader_info', 'The leader of each group; the value is 1.', ['group', 'node'], (one) =>
    byGroup(({ group, leader }) => {
      if (leader !== undefined) one.set({ group, node: leader.node }, 1);
    }),
  );
  gauge('drover_leader_term', 'Leadership period of each group.', ['group'], (one) =>
    byGroup(({ group, leader }) => {
      if (leader !== undefined) one.set({ group }, leader.term);
    }),
  );
  gauge('drover_leader_age_seconds', 'Time since the leader of each group was heard.', ['group'], (one) =>
    byGroup(({ group, ageMs }) => one.set({ group }, ageMs / 1_000)),
  );
  gauge('drover_elections_total', 'Leaders of each group that this gateway has heard.', ['group'], (one) =>
    byGroup(({ group, elections }) => one.set({ group }, elections)),
  );
}
