#!/usr/bin/env node
import { historyMain } from '../dist/testing/history/real/history-main.js';

process.exitCode = await historyMain(process.argv.slice(2));
