#!/usr/bin/env node
import 'reflect-metadata';
import { runProgram } from './program.js';

/**
 * How long the process waits for what the application has left open, in milliseconds: nobody can close one that has not
 * started.
 */
const LONGEST_END = 2000;

const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());

process.exitCode = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  signal: interruption.signal,
});
// What is still to be printed is worth waiting for: a pipe may be slow.
process.stdout.write('', () => setTimeout(() => process.exit(), LONGEST_END).unref());
