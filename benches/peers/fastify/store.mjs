// The database as a careful host opens it: write-ahead log, and every commit is on the disk when it returns.
import Database from "better-sqlite3";

export function openStore(path, tables) {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(tables);
  return db;
}
