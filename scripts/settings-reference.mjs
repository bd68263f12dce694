// Makes the reference of settings, docs/settings.md, from the table of settings in packages/cli (so build first).
//
//   npm run settings                 writes it
//   npm run settings -- --check      writes nothing; exit code 1 when the committed one is not what would be written
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const path = join(root, 'docs', 'settings.md');
const built = join(root, 'packages', 'cli', 'dist', 'settings');
const { groups, mayComeFrom, variableOf } = await import(join(built, 'setting.js'));
const { settings } = await import(join(built, 'table.js'));
const { defaultText } = await import(join(built, 'setting-help.js'));

const introduction = `<!-- Made by npm run settings from packages/cli/src/settings; changes belong there. -->

# Settings

A setting has one name everywhere: \`some-name\` in a file, \`DROVER_SOME_NAME\` as a variable, \`--some-name\` as a flag.
The later one of these wins: default, another program's variable (\`OLLAMA_ORIGINS\`, \`OLLAMA_KEEP_ALIVE\`,
\`OLLAMA_HOST\`, \`NATS_URL\`), file, \`DROVER_*\`, flag.

\`\`\`yaml
# drover.yaml, for: drover up --config drover.yaml (or DROVER_CONFIG)
ollama:
  - http://gpu-1:11434
  - http://gpu-2:11434
slots: 4
origin: https://chat.example
request-timeout: 20m
max-body: 128MiB
\`\`\`

- The file is YAML or JSON. One file serves every command: a key that a command does not take is checked and left to
  the others. An unknown key or \`DROVER_*\` variable refuses to start (exit 2) and names itself, with the line and what
  may be meant. Variables that Kubernetes sets beside a service named \`drover\` are left alone.
- \`drover config print\` shows what is in effect and where each value comes from, with secrets masked.
- \`drover up\` hands each of its roles what that role takes; \`gateway\`, \`node-agent\` and \`host\` take settings directly.
  Commands that look at a running cluster (\`status\`, \`doctor\`, \`actors\`, \`top\`, \`why\`) are "looking" below.
- Durations are \`500ms\`, \`30s\`, \`10m\`, \`1h30m\`; sizes \`512KiB\`, \`64MiB\`, \`1GiB\`. A bare number other than 0 is
  refused. A list has commas, or the flag several times, or is a list in the file. A switch is \`1\`, \`true\`, \`0\` or
  \`false\` where it has a value. Paths are relative to the folder where the command was started.
- \`keep-alive\` is applied to requests that carry no \`keep_alive\`; \`OLLAMA_KEEP_ALIVE\` may be seconds, as for Ollama.
- A setting is read at the start. A process that is to have another value is started again.
`;

const text = reference();
if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
  console.log('settings reference: written');
} else if (committed() === text) {
  console.log('settings reference: up to date');
} else {
  console.error('docs/settings.md is not up to date: build, then npm run settings');
  process.exitCode = 1;
}

function reference() {
  const shown = settings.filter(({ hidden }) => hidden !== true);
  const parts = groups.map((group) => groupText(group, shown));
  return `${introduction}\n${parts.join('\n')}`;
}

function groupText(group, shown) {
  const rows = shown.filter((setting) => setting.group === group).map(rowText);
  return `## ${group}\n\n| setting | value | default | taken by | what it is |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function rowText(setting) {
  const { key, kind, takers, help, zeroIsOff, foreign, choices } = setting;
  const notes = [
    zeroIsOff ? '0: none' : '',
    foreign === undefined ? '' : `also \`${foreign.name}\``,
    mayComeFrom(setting, 'file') ? '' : `not in a file; \`${variableOf(setting)}\``,
  ].filter((note) => note !== '');
  const value = choices === undefined ? kind : choices.map((choice) => `\`${choice}\``).join(' ');
  const commands = takers.map((taker) => (taker === 'look' ? 'looking' : taker)).join(', ');
  const what = [help, ...notes].join('; ').replaceAll('|', '\\|');
  return `| \`${key}\` | ${value} | ${defaultText(setting)} | ${commands} | ${what} |`;
}

function committed() {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
