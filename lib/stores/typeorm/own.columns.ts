import type { DataSource, EntityMetadata } from 'typeorm';
import type { SessionSource } from '../session-store.js';
import { RECORD_FIELDS } from '../session-record.check.js';
import { messages } from './typeorm.messages.js';
import type { TypeOrmStoreOptions } from './typeorm.store.options.js';

/** What the application's own columns get in one statement. */
export interface OwnValues {
  /** The properties in a fixed order, so that the same properties always make the same statement. */
  readonly properties: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

const NONE: OwnValues = { properties: [], values: {} };
const TAKEN: ReadonlySet<string> = new Set(RECORD_FIELDS);

/** Fills the columns that the application has added to the entity. */
export class OwnColumns {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metadata: EntityMetadata,
    private readonly fill: TypeOrmStoreOptions['columns'],
  ) {}

  /** The values for this session, as the driver takes them. Throws for a property that is no column of its own. */
  of(source: SessionSource | undefined): OwnValues {
    if (!this.fill || !source) return NONE;
    const values: Record<string, unknown> = {};
    for (const [property, value] of Object.entries(this.fill(source))) {
      if (value !== undefined) values[property] = this.prepare(property, value);
    }
    return { properties: Object.keys(values).toSorted(), values };
  }

  private prepare(property: string, value: unknown): unknown {
    const entity = this.metadata.name;
    if (TAKEN.has(property)) throw new TypeError(messages.ownColumn(entity, property));
    const column = this.metadata.columns.find(
      ({ propertyPath, isVirtualProperty }) => propertyPath === property && !isVirtualProperty,
    );
    if (!column) throw new TypeError(messages.unknownColumn(entity, property));
    return this.dataSource.driver.preparePersistentValue(value, column);
  }
}
