// Writes docs/troubleshooting.md from the doctor's checks and the tables of error codes.
//
//   npm run troubleshooting                         writes the page
//   node scripts/troubleshooting.mjs --check        exit code 1 when the committed page is not up to date
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { troubleshootingPage } from '../packages/cli/dist/doctor/troubleshooting.js';

const path = fileURLToPath(new URL('../docs/troubleshooting.md', import.meta.url));
const page = troubleshootingPage();
if (process.argv.includes('--check')) {
  if (read() !== page) {
    console.error('docs/troubleshooting.md is not up to date: build, then npm run troubleshooting');
    process.exit(1);
  }
  console.log('troubleshooting page: up to date');
} else {
  writeFileSync(path, page);
  console.log('troubleshooting page: written');
}

function read() {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
