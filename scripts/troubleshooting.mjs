// Writes docs/troubleshooting.md from the doctor's checks and the tables of error codes.
//
//   npm run troubleshooting                         writes it
//   node scripts/troubleshooting.mjs --check        exits 1 where it is not what the tables say
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { troubleshootingPage } from '../packages/cli/dist/doctor/troubleshooting.js';

const path = fileURLToPath(new URL('../docs/troubleshooting.md', import.meta.url));
const page = troubleshootingPage();
if (process.argv.includes('--check')) {
  if (read() !== page) {
    console.error('docs/troubleshooting.md is not what the tables say: npm run troubleshooting');
    process.exit(1);
  }
  console.log('troubleshooting page: as the tables say');
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
