import { TypeOrmModule, getRepositoryToken } from '@nestjs/typeorm';
import { TypeormStore } from 'connect-typeorm';
import { EntitySchema } from 'typeorm';
import { dataSourceOptions, watchSql } from '../support/backends.mjs';
import { expressSession } from './express-session.mjs';
import { called, requestSession } from './request-session.mjs';

const ConnectSession = new EntitySchema({
  name: 'connect_session',
  columns: {
    id: { type: 'varchar', length: 255, primary: true },
    expiredAt: { type: 'bigint' },
    json: { type: 'text' },
    destroyedAt: { type: Date, deleteDate: true, nullable: true },
  },
  indices: [{ columns: ['expiredAt'] }],
});

/** express-session with its sessions in a table, through TypeORM's repositories. */
export async function create({ store, scratch, operations }) {
  watchSql(operations, store);
  return {
    imports: [
      TypeOrmModule.forRoot({
        ...dataSourceOptions(store, scratch),
        entities: [ConnectSession],
        synchronize: true,
      }),
      TypeOrmModule.forFeature([ConnectSession]),
    ],
    ...requestSession((request) => called((done) => request.session.regenerate(done))),
    mount: (app) =>
      app.use(expressSession(new TypeormStore().connect(app.get(getRepositoryToken(ConnectSession))))),
  };
}
