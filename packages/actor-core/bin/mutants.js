#!/usr/bin/env node
import { mutantsMain } from '../dist/testing/simulation/mutants-main.js';

process.exitCode = await mutantsMain(process.argv.slice(2));
