import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { SessionService } from '../session.service.js';
import { clearProgress } from './clear.progress.js';
import { CliError } from './cli.error.js';
import { withSessions, type ApplicationOptions } from './load-application.js';
import { sessionTable } from './session-table.js';
import { EXIT, type Terminal } from './terminal.js';

/** Runs the command line and gives the exit code. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = describeProgram(terminal);
  try {
    await program.parseAsync(args, { from: 'user' });
    return terminal.signal.aborted ? EXIT.interrupted : EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    terminal.stderr.write(`nest-sessions: ${messageOf(error)}\n`);
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}

function describeProgram(terminal: Terminal): Command {
  const print = (text: string) => terminal.stdout.write(`${text}\n`);
  const program = new Command('nest-sessions')
    .description('Looks after the sessions of a NestJS application.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .configureHelp({ sortSubcommands: true })
    .showHelpAfterError('(nest-sessions --help says more)')
    .addHelpText(
      'after',
      `
Every command boots the application without a server, so that it uses the store and the options that the
application itself uses, and closes it again.

Exit codes:
  0    done
  1    failed: the application did not start, or the store could not be reached
  2    called wrongly
  130  interrupted; what was done by then stays done

Examples:
  $ nest-sessions clear --app dist/app.module.js
  $ nest-sessions list --user 42 --json | jq -r '.[].id' | xargs nest-sessions revoke`,
    );

  const onApplication = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('-a, --app <file>', 'compiled file that exports the root module', 'dist/app.module.js')
      .option('-e, --export <name>', 'name of the root module, where the file exports several')
      .option('-v, --verbose', 'show what the application logs while it starts');

  const run = <T>(options: ApplicationOptions, use: (sessions: SessionService) => Promise<T>) =>
    withSessions(options, terminal, use);

  onApplication('clear', 'Delete expired sessions, in batches and without holding up live traffic.')
    .option('-b, --batch <records>', 'records deleted by one step', wholeNumber, 1000)
    .action(async (options: ApplicationOptions & { batch: number }) => {
      const cleared = await run(options, (sessions) => clear(sessions, options.batch, terminal));
      print(`Cleared ${cleared} expired ${cleared === 1 ? 'session' : 'sessions'}.`);
    });

  onApplication('list', "List a user's sessions, last seen first. Times are UTC.")
    .requiredOption('-u, --user <id>', 'the user, by the id that the application logs in with')
    .option('--json', 'print JSON')
    .action(async (options: ApplicationOptions & { user: string; json?: true }) => {
      const found = await run(options, (sessions) => sessions.list(options.user));
      if (options.json) {
        print(JSON.stringify(found, undefined, 2));
      } else {
        print(found.length > 0 ? sessionTable(found) : `User ${options.user} has no session.`);
      }
    });

  onApplication('revoke', 'End sessions at once.')
    .argument('<id...>', 'public ids of the sessions, as "list" prints them')
    .action(async (ids: string[], options: ApplicationOptions) => {
      await run(options, async (sessions) => {
        for (const id of ids) {
          if (terminal.signal.aborted) {
            return;
          }
          const wasAlive = await sessions.revoke(id);
          print(`${id}  ${wasAlive ? 'revoked' : 'no such session'}`);
        }
      });
    });
  return program;
}

async function clear(sessions: SessionService, batchSize: number, terminal: Terminal): Promise<number> {
  const progress = clearProgress(terminal);
  try {
    return await sessions.clearExpired({
      batchSize,
      signal: terminal.signal,
      onProgress: (cleared) => progress.update(cleared),
    });
  } finally {
    progress.stop();
  }
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('It takes a whole number above 0.');
  }
  return Number(text);
}

function messageOf(error: unknown): string {
  const { message = String(error), cause } = error as { message?: string; cause?: unknown };
  return cause === undefined ? message : `${message} (${messageOf(cause)})`;
}
