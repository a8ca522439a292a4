//! Reading a section with all its mistakes: serde stops at the first, so each one is noted, mended with a stand-in, and the
//! reading goes on. A section that needed mending is never used.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::strict::{self, Step, Unread};

/// So many mistakes are mended at most.
const MOST: usize = 128;

/// Reads a section; `prefix` is its own path.
pub(super) fn read_all<T: DeserializeOwned>(mut value: Value, prefix: &str) -> Result<T, Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    for _ in 0..MOST {
        let mistake = match attempt::<T>(&value) {
            Ok(section) if problems.is_empty() => return Ok(section),
            Ok(_) => break,
            Err(mistake) => mistake,
        };
        let problem = Problem::of(&mistake.error, prefix);
        // A stand-in may itself be refused later; the member was told already.
        if !problems.iter().any(|known| known.path == problem.path) {
            problems.push(problem);
        }
        if !mend::<T>(&mut value, &mistake) {
            break;
        }
    }
    Err(problems)
}

/// One mistake: its words, and the steps to the member that is wrong, missing or unknown.
struct Mistake {
    error: menjie::Error,
    steps: Vec<Step>,
    unknown: bool,
}

fn attempt<T: DeserializeOwned>(value: &Value) -> Result<T, Box<Mistake>> {
    strict::attempt(&value.to_string()).map_err(|unread| Box::new(Mistake::of(*unread)))
}

impl Mistake {
    fn of(Unread { error, mut steps, words }: Unread) -> Mistake {
        let named = ["missing field `", "unknown field `"].iter().find_map(|start| words.strip_prefix(start)).and_then(|rest| rest.split('`').next());
        if let Some(key) = named.map(|key| Step::Key(key.to_owned())).filter(|key| steps.last() != Some(key)) {
            steps.push(key);
        }
        Mistake { error, steps, unknown: words.starts_with("unknown field `") }
    }
}

/// Makes the mistake go away, so that the next one shows. `false` when it cannot.
fn mend<T: DeserializeOwned>(value: &mut Value, mistake: &Mistake) -> bool {
    let Some((last, parents)) = mistake.steps.split_last() else { return false };
    let mut without = value.clone();
    let Some(parent) = at(&mut without, parents) else { return false };
    if let (Value::Object(members), Step::Key(key)) = (parent, last) {
        members.remove(key);
    }
    if mistake.unknown {
        *value = without;
        return true;
    }
    // A required member needs a value of its type; one that no stand-in fits may have a default.
    let stand_ins = ["x", "1", "https://stand-in.invalid", "2000-01-01"].map(|text| json!(text)).into_iter().chain([json!(1), json!(false), json!({}), json!([])]);
    let with = stand_ins.filter_map(|stand_in| {
        let mut with = value.clone();
        match (at(&mut with, parents)?, last) {
            (Value::Object(members), Step::Key(key)) => drop(members.insert(key.clone(), stand_in)),
            (Value::Array(items), Step::Item(index)) => *items.get_mut(*index)? = stand_in,
            _ => return None,
        }
        Some(with)
    });
    let moved_on = |candidate: &Value| attempt::<T>(candidate).err().is_none_or(|next| next.steps != mistake.steps);
    match with.chain([without]).find(moved_on) {
        Some(mended) => {
            *value = mended;
            true
        }
        None => false,
    }
}

fn at<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |at, step| match (at, step) {
        (Value::Object(members), Step::Key(key)) => members.get_mut(key),
        (Value::Array(items), Step::Item(index)) => items.get_mut(*index),
        _ => None,
    })
}
