export { type ExitCode, exitCodes } from './errors.ts';
export { run } from './main.ts';
