const DRIVERS: ReadonlySet<string> = new Set(['mysql', 'mariadb', 'aurora-mysql']);

/** Whether this driver of TypeORM speaks MySQL's dialect. */
export function isMysql(driverType: string): boolean {
  return DRIVERS.has(driverType);
}
