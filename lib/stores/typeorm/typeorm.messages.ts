/** Every text with which the TypeORM store refuses, in one place: each says what is wrong and what to do. */
export const messages = {
  noDataSource: (name?: string) =>
    `No TypeORM DataSource${name ? ` named "${name}"` : ''} found: import TypeOrmModule.forRoot(${
      name ? `{ name: '${name}', … }` : '...'
    }) in your AppModule, or pass typeOrmStore({ dataSource }).`,

  dataSourceFailed: (name?: string) =>
    `The TypeORM DataSource${name ? ` "${name}"` : ''} of the session store failed to start; its own error says why.`,

  notInitialized: () =>
    'The TypeORM DataSource of the session store is not initialized: await dataSource.initialize() before the ' +
    'application starts, and leave out manualInitialization.',

  unsupported: (type: string) =>
    `The session store cannot work with TypeORM's driver "${type}": it needs SQL.`,

  affectedUnknown: (type: string) =>
    `The session store cannot work with TypeORM's driver "${type}": it does not tell how many rows a statement has ` +
    'changed, and without that a lost update goes unnoticed.',

  notRegistered: (entity: string) =>
    `The TypeORM DataSource does not know ${entity}: add ${entity} to the DataSource's \`entities\` or set ` +
    '`autoLoadEntities: true`.',

  noTable: (table: string) =>
    `The table "${table}" of the sessions does not exist: run the migration CreateSessions1735689600000 from ` +
    'nest-sessions/typeorm (or set `synchronize: true` in development).',

  noColumns: (table: string, columns: readonly string[]) =>
    `The table "${table}" of the sessions lacks ${columns.map((name) => `"${name}"`).join(', ')}: run a migration ` +
    'that adds what is missing (or set `synchronize: true` in development).',

  dataTooSmall: (table: string, column: string, octets: number, maxDataSize: number, type: string) =>
    `The column \`${column}\` of \`${table}\` holds ${octets} bytes, but sessions may have ${maxDataSize}: run ` +
    `ALTER TABLE \`${table}\` MODIFY \`${column}\` ${type} CHARACTER SET utf8mb4 NOT NULL, or set maxDataSize to ` +
    `${octets} or less. (With \`synchronize: true\` extend SessionEntity, override the property with ` +
    `@Column('${type}') and pass the class as \`entity\`.)`,

  dataNotUnicode: (table: string, column: string, charset: string, type: string) =>
    `The column \`${column}\` of \`${table}\` has the character set ${charset}, which cannot hold every text: run ` +
    `ALTER TABLE \`${table}\` MODIFY \`${column}\` ${type} CHARACTER SET utf8mb4 NOT NULL.`,

  noAnswer: (type: string, patience: number) =>
    `The database (${type}) has not answered within ${patience / 1000} s. When it is well, look for handlers that write a ` +
    'session inside a transaction: that takes a connection beside theirs, and all of the pool may be waiting for one.',

  transactionOpen: (driver: string, patience: number) =>
    `SQLite (${driver}) has one connection, and a transaction has been open on it for ${patience / 1000} s. A session ` +
    'write inside that transaction would be undone with it, so it waits for the end: move what writes the session ' +
    '(save(), flush(), login(), …) out of the transaction, or shorten the transaction.',

  unknownColumn: (entity: string, property: string) =>
    `typeOrmStore: \`columns\` gave "${property}", but ${entity} has no such column.`,

  ownColumn: (entity: string, property: string) =>
    `typeOrmStore: \`columns\` gave "${property}", which the session store writes itself: give the columns that ` +
    `${entity} adds, and no others.`,

  entityAndTableName: () =>
    'typeOrmStore: give either `entity` or `tableName`. The table of an entity of yours is named by its @Entity().',

  columnsWithoutEntity: () =>
    'typeOrmStore: `columns` fills columns of your own: extend SessionEntity with them and pass the class as `entity`.',

  notASessionEntity: (entity: string) =>
    `typeOrmStore: \`entity\` must be SessionEntity or a class that extends it, got ${entity}.`,

  notDecorated: (entity: string) =>
    `typeOrmStore: ${entity} has no @Entity() decorator of its own: add @Entity('name_of_the_table').`,

  wrongDataSource: () =>
    'typeOrmStore: `dataSource` must be a DataSource or the name given to TypeOrmModule.forRoot({ name }).',

  unknownOption: (names: readonly string[]) =>
    `typeOrmStore: unknown option${names.length > 1 ? 's' : ''} ${names.map((name) => `\`${name}\``).join(', ')}. ` +
    'There are `dataSource`, `entity`, `columns` and `tableName`.',
} as const;
