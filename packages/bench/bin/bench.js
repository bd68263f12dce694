#!/usr/bin/env node
import { benchMain } from '../dist/main.js';

process.exitCode = await benchMain(process.argv.slice(2));
