#!/usr/bin/env node
import { proofMain } from '../dist/proof.js';

process.exitCode = await proofMain(process.argv.slice(2));
