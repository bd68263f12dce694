import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lanProfile } from '../swim-config.ts';
import { drawScale } from './scale-curve.ts';
import { measureScale, type ScaleFigures } from './swim-scale.ts';

const usage = 'usage: swim-scale [--members 10,30,100,300,1000] [--seed 1] [--json FILE] [--svg FILE]\n';

/**
 * Plays clusters of several sizes and prints what each costs. Exit code 1: the load of a member grows faster than the
 * logarithm of the cluster.
 */
export function swimScaleMain(argv: readonly string[]): number {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      members: { type: 'string', default: '10,30,100,300,1000' },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
      svg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const figures: ScaleFigures[] = [];
  for (const members of values.members.split(',').map(Number)) {
    const one = measureScale(members, Number(values.seed), lanProfile);
    figures.push(one);
    process.stdout.write(`${JSON.stringify(one)}\n`);
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(figures));
  if (values.svg !== undefined) writeFileSync(values.svg, drawScale(figures));
  const tooMuch = growsFasterThanLogarithm(figures);
  for (const { members } of tooMuch)
    process.stdout.write(`the load of a member grows too fast at ${members}\n`);
  return tooMuch.length === 0 ? 0 : 1;
}

/**
 * The sizes at which a member publishes more than at the smallest size, scaled with the logarithm: when nothing
 * happens, after a crash of 5 %, and after a partition.
 */
export function growsFasterThanLogarithm(figures: readonly ScaleFigures[]): readonly ScaleFigures[] {
  const [smallest] = figures;
  if (smallest === undefined) return [];
  const loads = ['messages', 'bytes', 'crashMessages', 'healMessages'] as const;
  return figures.filter((one) => {
    const growth = Math.log10(one.members) / Math.log10(smallest.members);
    return loads.some((load) => one[load] > smallest[load] * growth * 1.05);
  });
}
