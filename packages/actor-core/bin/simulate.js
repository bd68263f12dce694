#!/usr/bin/env node
import { simulateMain } from '../dist/testing/simulation/simulate-main.js';

process.exitCode = await simulateMain(process.argv.slice(2));
