import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SessionRecord } from '../session-record.js';
import { epochTransformer as transformer } from './epoch.transformer.js';

/**
 * The table `sessions`, one row per session; every time is in milliseconds since the epoch. To add columns, extend
 * it and give the class to `typeOrmStore({ entity, columns })`:
 *
 * ```ts
 * @Entity('app_sessions')
 * class AppSession extends SessionEntity {
 *   @Column({ type: 'int', nullable: true })
 *   accountId!: number | null;
 * }
 * ```
 *
 * On MySQL and MariaDB a `text` column holds 64 KB only. The migration that ships makes `data` a `mediumtext`; with
 * `synchronize: true` declare it in the extended class: `@Column('mediumtext') override data!: string`.
 *
 * Good for reading, as with any entity. Writing through a repository goes past the guarantees of the store.
 *
 * @publicApi
 */
@Entity({ name: 'sessions' })
export class SessionEntity implements SessionRecord {
  /** Public handle of the session. Not a credential. */
  @PrimaryColumn({ name: 'id', type: 'varchar', length: 32 })
  id!: string;

  /** SHA-256 of the secret half of the token. */
  @Column({ name: 'secret_hash', type: 'varchar', length: 64 })
  secretHash!: string;

  /** Hash of the secret before the last timed renewal. */
  @Column({ name: 'previous_hash', type: 'varchar', length: 64, nullable: true })
  previousHash!: string | null;

  /** Until when the secret before is still accepted. */
  @Column({ name: 'previous_until', type: 'bigint', nullable: true, transformer })
  previousUntil!: number | null;

  /** The serialised data, encrypted where the module encrypts. */
  @Column({ name: 'data', type: 'text' })
  data!: string;

  /** Grows by one with every commit. */
  @Column({ name: 'version', type: 'int' })
  version!: number;

  /** The user who logged in. */
  @Index()
  @Column({ name: 'user_id', type: 'varchar', length: 255, nullable: true })
  userId!: string | null;

  /** When the session was created. */
  @Column({ name: 'created_at', type: 'bigint', transformer })
  createdAt!: number;

  /** When the user logged in. */
  @Column({ name: 'authenticated_at', type: 'bigint', nullable: true, transformer })
  authenticatedAt!: number | null;

  /** When the session was last used, give or take the module's `touchInterval`. */
  @Column({ name: 'last_seen_at', type: 'bigint', transformer })
  lastSeenAt!: number;

  /** From this moment on the session does not exist, whether or not its row has been cleared away. */
  @Index()
  @Column({ name: 'expires_at', type: 'bigint', transformer })
  expiresAt!: number;

  /** No activity extends the session beyond this. */
  @Column({ name: 'absolute_expires_at', type: 'bigint', nullable: true, transformer })
  absoluteExpiresAt!: number | null;

  /** Address of the client that created the session. */
  @Column({ name: 'ip', type: 'varchar', length: 64, nullable: true })
  ip!: string | null;

  /** `User-Agent` of the client that created the session. */
  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent!: string | null;

  /** Which application the session is for. */
  @Column({ name: 'audience', type: 'varchar', length: 255, nullable: true })
  audience!: string | null;

  /** The single sign-on group of the session. */
  @Column({ name: 'group_id', type: 'varchar', length: 255, nullable: true })
  groupId!: string | null;
}
