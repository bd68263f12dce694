import { appendFileSync } from 'node:fs';

/**
 * Records a measured figure of a scenario. Prints it, and appends it to the file named by `DROVER_FIGURES`,
 * from which `npm run proof` makes `proofs/NAME.json`.
 */
export function recordFigure(name: string, value: number | string, unit = '', bar = ''): void {
  const shown = typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
  process.stdout.write(
    `figure: ${name} = ${shown}${unit === '' ? '' : ` ${unit}`}${bar === '' ? '' : ` (bar: ${bar})`}\n`,
  );
  const file = process.env['DROVER_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ name, value: shown, unit, bar })}\n`);
}

/** True if the long form of each scenario is to run (`npm run proof`); `npm test` runs the short form. */
export const fullForm: boolean = process.env['DROVER_PROOF'] === 'full';
