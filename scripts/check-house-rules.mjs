// Small checks that the linter cannot do. Exit code 1 and one line each for what breaks a rule; long files are
// only mentioned. Usage: node scripts/check-house-rules.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What each package may depend on; dependencies point down only (docs/ARCHITECTURE.md). */
const mayUse = {
  'ollama-sim': [],
  'actor-core': [],
  telemetry: [],
  client: [],
  fleet: ['actor-core'],
  agents: ['actor-core', 'fleet'],
  'node-agent': ['actor-core', 'fleet', 'telemetry'],
  gateway: ['actor-core', 'fleet', 'agents', 'telemetry'],
  bench: ['actor-core', 'fleet', 'agents', 'gateway', 'node-agent', 'ollama-sim'],
  cli: ['actor-core', 'fleet', 'agents', 'gateway', 'node-agent', 'ollama-sim', 'telemetry'],
};

/** Packages whose clock, timers and randomness are injected; adapters to the outside are named one by one. */
const injected = ['actor-core', 'fleet', 'agents'];
const ambient = [
  [/\bMath\.random\b/, 'Math.random: use the injected Random'],
  [/\bAbortSignal\.timeout\b/, 'AbortSignal.timeout: use the injected Clock'],
  [/\bcrypto\.(randomUUID|randomBytes|getRandomValues)\b/, 'crypto randomness: use the injected Random'],
  [/\bprocess\.(hrtime|uptime)\b/, 'process.hrtime: use the injected Clock'],
  [
    /\bfrom 'node:(timers|timers\/promises|perf_hooks|crypto)'/,
    'timers, perf_hooks or crypto: use what is injected',
  ],
  [/\bDate\.now\b|\bnew Date\(\)/, 'Date: use the injected Clock'],
  // As the name of a field it belongs to the JSON of JetStream's object store.
  [/\bnuid\b(?!:)/, 'nuid: use the injected Random'],
];
/** The places where the real clock, scheduler, randomness and NATS come in. */
const adapters =
  /(^|\/)(system-clock|system-random|node-scheduler|nats-transport|jetstream-store|content-hash|signature)\.ts$/;

const lookForSecondConcept = 400;
const longestCommentLine = 120;

const problems = [];
const notes = [];

for (const name of Object.keys(mayUse)) {
  const allowed = new Set(mayUse[name]);
  for (const file of sources(join(root, 'packages', name, 'src'))) check(name, allowed, file);
}
for (const note of notes) console.log(`note: ${note}`);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'house rules: kept' : `house rules: ${problems.length} broken`);
process.exitCode = problems.length === 0 ? 0 : 1;

function check(name, allowed, file) {
  const text = readFileSync(file, 'utf8');
  const lines = text.split('\n');
  const place = relative(root, file).split(sep).join('/');
  const isTest = /\.(test|property\.test)\.ts$/.test(place) || /\/testing(\/|\.ts$)/.test(place);
  if (lines.length > lookForSecondConcept && !isTest && !place.includes('/generated/'))
    notes.push(`${place} has ${lines.length} lines: is there a second concept in it?`);
  for (const [index, line] of lines.entries()) {
    const at = `${place}:${index + 1}`;
    if (isComment(line) && line.length > longestCommentLine)
      problems.push(`${at} the comment is longer than ${longestCommentLine} characters`);
    const imported = /\b(?:from|import)\s*\(?\s*'([^']+)'/.exec(line)?.[1];
    // Tests may put any packages together.
    if (imported !== undefined) checkImport(name, isTest ? undefined : allowed, imported, at, file);
    if (!injected.includes(name) || isTest || adapters.test(place) || isComment(line)) continue;
    for (const [pattern, message] of ambient) if (pattern.test(line)) problems.push(`${at} ${message}`);
  }
}

function checkImport(name, allowed, imported, at, file) {
  if (imported.startsWith('@drover/')) {
    const [, other] = imported.split('/');
    if (other !== name && allowed !== undefined && !allowed.has(other))
      problems.push(`${at} ${name} must not depend on ${other}: dependencies point down only`);
    if (/\/(src|dist)(\/|$)/.test(imported))
      problems.push(`${at} imports the inside of ${other}: use its public names`);
  } else if (imported.startsWith('.')) {
    const target = relative(join(root, 'packages', name), join(dirname(file), imported));
    if (target.startsWith('..'))
      problems.push(`${at} reaches into another package by path: use its public names`);
  }
}

function isComment(line) {
  return /^\s*(\/\/|\*|\/\*)/.test(line);
}

function sources(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
