import { type CheckHelp, checkTable } from './check-table.ts';
import { agentsHelp, commandHelp, type ErrorHelp, fleetHelp, gatewayHelp } from './error-help.ts';

/** The troubleshooting page, made of the doctor's checks and the tables of error codes. */
export function troubleshootingPage(): string {
  return [
    '# Troubleshooting',
    '',
    '<!-- Made by `npm run troubleshooting` from packages/cli/src/doctor; edits are lost. -->',
    '',
    "Begin with `drover doctor`. It proves what it says by doing it: a record written under the leader's fence and read",
    'back, one token of each Ollama. It exits 1 when something is wrong and says what to do; `--json` gives',
    '`[{"check","ok","detail","fix"}]`, and `--deep` loads a model on hosts that have none loaded.',
    '',
    '## Checks of the doctor',
    '',
    ...checks(checkTable),
    '',
    '## Error codes',
    '',
    'Own routes answer `{"error":{"code","message","field?","requestId"}}`; on the routes of Ollama and OpenAI the code is in',
    "the gateway's log beside the request id.",
    '',
    '### Requests to models',
    '',
    ...errors(fleetHelp),
    '',
    '### Agents, tasks and runs',
    '',
    ...errors(agentsHelp),
    '',
    '### What the gateway finds itself',
    '',
    ...errors(gatewayHelp),
    '',
    '### Commands',
    '',
    ...errors(commandHelp),
    '',
  ].join('\n');
}

function checks(table: Readonly<Record<string, CheckHelp>>): string[] {
  return [
    '| check | what it does | what a fault means | what to do |',
    '|---|---|---|---|',
    ...Object.entries(table).map(
      ([name, { does, means, fix }]) => `| \`${name}\` | ${cell(does)} | ${cell(means)} | ${cell(fix)} |`,
    ),
  ];
}

function errors(table: Readonly<Record<string, ErrorHelp>>): string[] {
  return [
    '| code | what it means | what to do |',
    '|---|---|---|',
    ...Object.entries(table).map(
      ([code, { means, fix }]) => `| \`${code}\` | ${cell(means)} | ${cell(fix)} |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
