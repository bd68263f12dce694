import type { ScaleFigures } from './swim-scale.ts';

const width = 720;
const panelHeight = 200;
const margin = { left: 70, right: 20, top: 40, bottom: 40 } as const;
const colours = ['#1f6feb', '#d1242f', '#1a7f37'] as const;

/** One curve: its name in the legend and its value at each cluster size. */
interface Curve {
  readonly name: string;
  readonly value: (figures: ScaleFigures) => number;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly curves: readonly Curve[];
}

const panels: readonly Panel[] = [
  {
    title: 'Messages that a member publishes',
    unit: '/s',
    curves: [
      { name: 'nothing happens', value: ({ messages }) => messages },
      { name: '5 % crash', value: ({ crashMessages }) => crashMessages },
      { name: 'a partition heals', value: ({ healMessages }) => healMessages },
    ],
  },
  {
    title: 'Time until everybody knows',
    unit: 's',
    curves: [
      { name: 'all join at once', value: ({ joinMs }) => joinMs / 1_000 },
      { name: '5 % crash', value: ({ crashMs }) => crashMs / 1_000 },
      { name: 'a partition heals', value: ({ healMs }) => healMs / 1_000 },
    ],
  },
];

/** Draws the figures over the cluster size, which has a logarithmic axis. Text of an SVG file. */
export function drawScale(figures: readonly ScaleFigures[]): string {
  const height = panels.length * (panelHeight + margin.top + margin.bottom);
  const body = panels.map((panel, index) =>
    drawPanel(panel, figures, index * (panelHeight + margin.top + margin.bottom)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, unit, curves }: Panel, figures: readonly ScaleFigures[], top: number): string {
  const sizes = figures.map(({ members }) => members);
  const [first, last] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  const most = 1.15 * Math.max(...figures.flatMap((one) => curves.map(({ value }) => value(one))));
  const x = (members: number) =>
    margin.left + ((Math.log10(members) - first) / (last - first)) * (width - margin.left - margin.right);
  const y = (value: number) => top + margin.top + panelHeight * (1 - value / most);
  const floor = y(0);
  const lines = [
    `<text x="${margin.left}" y="${top + 20}" font-size="14">${title} (${unit})</text>`,
    `<path d="M${margin.left} ${y(most)}V${floor}H${width - margin.right}" fill="none" stroke="#57606a"/>`,
    ...[0, most / 2, most].map(
      (value) =>
        `<text x="${margin.left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(1)}</text>`,
    ),
    ...sizes.map(
      (members) => `<text x="${x(members)}" y="${floor + 18}" text-anchor="middle">${members}</text>`,
    ),
  ];
  curves.forEach(({ name, value }, index) => {
    const colour = colours[index % colours.length] as string;
    const points = figures.map((one) => `${x(one.members).toFixed(1)},${y(value(one)).toFixed(1)}`);
    lines.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<text x="${margin.left + 12}" y="${top + margin.top + 14 + 16 * index}" fill="${colour}">${name}</text>`,
    );
  });
  return lines.join('\n');
}
