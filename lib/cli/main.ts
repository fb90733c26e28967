#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  signal: interruption.signal,
});
