#!/usr/bin/env node
import { swimScaleMain } from '../dist/membership/swim/testing/swim-scale-main.js';

process.exitCode = swimScaleMain(process.argv.slice(2));
