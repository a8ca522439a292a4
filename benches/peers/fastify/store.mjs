// The database as a careful host opens it: write-ahead log, and every commit is on the disk when it returns.
import Database from "better-sqlite3";

export function openStore(path, tables) {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(tables);
  return db;
}

// A commit of its own for each piece of work.
export function single(db) {
  const alone = db.transaction((work) => work());
  return async (work) => alone(work);
}

// One commit for all work that came up in one turn of the event loop. When one piece fails, none of the turn's is done and every
// one is told; who asks again gets another turn.
export function grouped(db) {
  let waiting = [];
  const all = db.transaction((turn) => turn.map(({ work }) => work()));
  function commit() {
    const turn = waiting;
    waiting = [];
    try {
      all(turn).forEach((result, at) => turn[at].resolve(result));
    } catch (error) {
      turn.forEach(({ reject }) => reject(error));
    }
  }
  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ work, resolve, reject }) === 1) setImmediate(commit);
    });
}
