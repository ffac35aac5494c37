// One table of objects: maps camelCase properties to snake_case columns, lists and objects to JSON text, and checks
// each row with zod on the way out. Knows no noun; each noun's file says its columns and adds its own queries.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import type { Database } from './database.ts';

/** How a property is stored: as it is, as 0 or 1, or as JSON text. */
type Storage = 'plain' | 'boolean' | 'json';

export interface Table<T extends { id: string }> {
  insert(row: T): void;
  /** Changes the named properties; returns the row after it, or undefined when there is none. */
  update(id: string, change: Partial<Omit<T, 'id'>>): T | undefined;
  get(id: string): T | undefined;
  /** Rows where `condition` holds, such as `removed_at IS NULL ORDER BY added_at`. */
  where(condition: string, ...values: unknown[]): T[];
  count(condition: string, ...values: unknown[]): number;
  remove(id: string): void;
}

/** `columns` lists the properties; the table and its columns are made by a migration. */
export function table<Schema extends z.ZodType<{ id: string }>>(
  db: Database,
  name: string,
  schema: Schema,
  columns: Record<string, Storage>,
): Table<z.output<Schema>> {
  type T = z.output<Schema>;
  const properties = Object.keys(columns);
  const list = properties.map(toSnake).join(', ');

  const encode = (property: string, value: unknown): unknown => {
    if (value === undefined || value === null) return null;
    if (columns[property] === 'json') return JSON.stringify(value);
    if (columns[property] === 'boolean') return value ? 1 : 0;
    return value;
  };
  const decode = (row: Record<string, unknown>): T => {
    const object = Object.fromEntries(
      properties.map((property) => {
        const value = row[toSnake(property)];
        if (value === null) return [property, null];
        if (columns[property] === 'json') return [property, JSON.parse(value as string)];
        if (columns[property] === 'boolean') return [property, value === 1];
        return [property, value];
      }),
    );
    return schema.parse(object) as T;
  };

  const insert = db.prepare(`INSERT INTO ${name} (${list}) VALUES (${properties.map(() => '?').join(', ')})`);
  const get = db.prepare(`SELECT ${list} FROM ${name} WHERE id = ?`);
  return {
    insert(row) {
      const values = row as Record<string, unknown>;
      insert.run(...properties.map((property) => encode(property, values[property])));
    },
    update(id, change) {
      const entries = Object.entries(change).filter(
        ([property, value]) => property in columns && value !== undefined,
      );
      if (entries.length > 0)
        db.prepare(
          `UPDATE ${name} SET ${entries.map(([property]) => `${toSnake(property)} = ?`).join(', ')} WHERE id = ?`,
        ).run(...entries.map(([property, value]) => encode(property, value)), id);
      return this.get(id);
    },
    get(id) {
      const row = get.get(id) as Record<string, unknown> | undefined;
      return row === undefined ? undefined : decode(row);
    },
    where(condition, ...values) {
      const rows = db.prepare(`SELECT ${list} FROM ${name} WHERE ${condition}`).all(...values);
      return (rows as Record<string, unknown>[]).map(decode);
    },
    count(condition, ...values) {
      return db
        .prepare(`SELECT count(*) FROM ${name} WHERE ${condition}`)
        .pluck()
        .get(...values) as number;
    },
    remove(id) {
      db.prepare(`DELETE FROM ${name} WHERE id = ?`).run(id);
    },
  };
}

/**
 * The path of a file that is named by a row. A project may come from somebody else, so no name in it may lead elsewhere.
 * @throws AppError `name-outside` where a part of the name is not a plain name
 */
export function fileInside(folder: string, ...names: string[]): string {
  const bad = names.find((name) => !/^(?!\.{1,2}$)[^/\\\0:]{1,255}$/.test(name));
  if (bad === undefined) return join(folder, ...names);
  throw new AppError(
    'name-outside',
    `The project names a file ${JSON.stringify(bad)}, which could lie outside of its folder. Nothing was touched.`,
    'Do not use this project: somebody changed its database by hand.',
  );
}

const toSnake = (property: string): string =>
  property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 16 random characters that survive file names, addresses and being read aloud (80 bits). */
export function newId(): string {
  return Array.from(randomBytes(16), (byte) => alphabet[byte & 31]).join('');
}
