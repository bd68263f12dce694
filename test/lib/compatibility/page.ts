import { type CompatibleClient, features } from './client.ts';

/** `docs/compatibility.md`: which client can do what through Drover. Only features whose check passed are marked. */
export function compatibilityPage(
  clients: readonly CompatibleClient[],
  passed: (client: CompatibleClient, feature: (typeof features)[number]) => boolean,
): string {
  const rows = features.map((feature) =>
    row([
      feature,
      ...clients.map((client) =>
        client.checks[feature] === undefined ? '' : passed(client, feature) ? 'yes' : '**no**',
      ),
    ]),
  );
  return `<!-- Written by test/scenarios/compatibility.test.ts from its checks: npx vitest run test/scenarios/compatibility.test.ts -u -->

# Compatibility

What the clients that people already use do through Drover. Each "yes" is a check with the real package against a
gateway and three simulated hosts; an empty cell is not checked, mostly because the client has no such call (\`ai-sdk-ollama\`
and \`@langchain/ollama\` try a busy host no second time, and \`ai-sdk-ollama\` reports no error when a stream breaks, with or
without Drover). The packages of
\`test/clients\` are checked where they are installed (\`npm ci --prefix test/clients\`; \`npm run proof -- compatibility\` does
it), Python's clients where an interpreter with their packages is named by \`DROVER_PYTHON\` (\`test/python/requirements.txt\`).

${row(['', ...clients.map(({ name }) => name)])}
${row(['---', ...clients.map(() => '---')])}
${row(['version', ...clients.map(({ version }) => version)])}
${rows.join('\n')}

Answers differ from those of an Ollama on purpose in some points, which the
[README of the gateway](../packages/gateway/README.md#what-is-guaranteed) lists. Fields of a request that nothing uses are named in the header \`x-drover-ignored\`.
`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
