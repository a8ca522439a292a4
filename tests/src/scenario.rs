//! Scenarios (`tests/vectors/scenario/*.json`): stories against a hospital in a box, for the operations that need an engine.
//! The format is described in `tests/vectors/scenario/README.md`; whoever replays one is a [`crate::play::Host`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use menjie_bridge::Reach;
use serde::Deserialize;
use serde_json::Value;

use crate::pattern::{self, Kept};

/// A story.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without `.json`.
    pub name: String,
    /// The day that HIS holds (docs/day.schema.json).
    pub day: Value,
    /// The hospital's terms, where they are not the default.
    pub terms: Value,
    /// Who acts, by the name that steps call them.
    pub people: BTreeMap<String, Person>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// Somebody who calls operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Person {
    /// A patient of the day, by his number in HIS.
    Patient(String),
    /// A member of staff.
    Staff {
        /// Who.
        id: String,
        /// His roles.
        roles: Vec<String>,
        /// His departments.
        #[serde(default)]
        departments: Vec<String>,
    },
}

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody calls an operation.
    Call(Box<Call>),
    /// Something happens outside, through the simulator's admin API.
    World(World),
}

/// Somebody calls an operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What the step is about, in words.
    #[serde(default)]
    pub note: String,
    /// The operation.
    pub op: String,
    /// Who calls; nobody in particular when left out.
    #[serde(default, rename = "as")]
    pub who: Option<String>,
    /// The request.
    pub request: Value,
    /// The response that is expected.
    #[serde(default)]
    pub response: Option<Value>,
    /// The failure that is expected.
    #[serde(default)]
    pub error: Option<Failure>,
    /// `settlement.get` only: asked again, by version, until these places of the response hold these values.
    #[serde(default)]
    pub until: BTreeMap<String, Value>,
    /// What is kept of the response: name → place.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
    /// What stands for a host-only operation over HTTP.
    #[serde(default)]
    pub http: Option<Route>,
}

/// A failure that is expected: the code, and at least these context members.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The code.
    pub code: u64,
    /// Context members.
    #[serde(default)]
    pub context: BTreeMap<String, String>,
}

/// The route of the server that serves a host-only operation in its own shape.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Its path; always `POST`.
    pub path: String,
    /// What is sent.
    pub request: Value,
    /// The response that is expected.
    #[serde(default)]
    pub response: Option<Value>,
    /// The failure that is expected.
    #[serde(default)]
    pub error: Option<Failure>,
}

/// Something happens outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// What the step is about, in words.
    #[serde(default)]
    pub note: String,
    /// Method and path at the simulator's admin address (docs/simulator.md).
    pub world: String,
    /// What is sent.
    #[serde(default)]
    pub body: Option<Value>,
    /// These places of the answer must hold these values.
    #[serde(default)]
    pub holds: BTreeMap<String, Value>,
    /// What is kept of the answer: name → place.
    #[serde(default)]
    pub keep: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "story")]
    _story: String,
    day: String,
    #[serde(default)]
    terms: BTreeMap<String, Value>,
    people: BTreeMap<String, Person>,
    steps: Vec<Value>,
}

/// Where scenarios lie.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/scenario")
}

/// Every scenario, by name. A file that is not of the documented form is an error that names it.
pub fn load() -> io::Result<Vec<Scenario>> {
    let folder = folder();
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files.iter().map(|file| read(&folder, file)).collect()
}

fn read(folder: &Path, file: &Path) -> io::Result<Scenario> {
    let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("scenario {name}: {what}"));
    let day = |day: &str| serde_json::from_str(&fs::read_to_string(folder.join("day").join(format!("{day}.json")))?).map_err(|e| bad(format!("day {day}: {e}")));
    parse(&name, &fs::read_to_string(file)?, day).map_err(bad)?
}

/// Reads one scenario; `day` gives the day of a name.
pub fn parse<E>(name: &str, text: &str, day: impl Fn(&str) -> Result<Value, E>) -> Result<Result<Scenario, E>, String> {
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut steps = Vec::with_capacity(file.steps.len());
    let mut names = BTreeSet::new();
    for (at, step) in file.steps.into_iter().enumerate() {
        let wrong = |what: String| format!("step {}: {what}", at + 1);
        let step = read_step(step).map_err(&wrong)?;
        check(&step, &file.people, &mut names).map_err(&wrong)?;
        steps.push(step);
    }
    if !steps.iter().any(|step| matches!(step, Step::Call(_))) {
        return Err("nobody calls an operation".to_owned());
    }
    Ok(day(&file.day).map(|day| Scenario { name: name.to_owned(), day, terms: file.terms.into_iter().collect(), people: file.people, steps }))
}

fn read_step(step: Value) -> Result<Step, String> {
    let read = if step.get("world").is_some() { serde_json::from_value(step).map(Step::World) } else { serde_json::from_value(step).map(|call| Step::Call(Box::new(call))) };
    read.map_err(|e| e.to_string())
}

/// What the shape alone does not tell. `names` are those under which something was kept so far.
fn check(step: &Step, people: &BTreeMap<String, Person>, names: &mut BTreeSet<String>) -> Result<(), String> {
    // Every name is known, every wildcard exists and stands where one may.
    let kept: Kept = names.iter().map(|name| (name.clone(), Value::from(name.as_str()))).collect();
    let asked = |request: &Value| pattern::fill(request, &kept).map(drop);
    let expected = |pattern: &Value| pattern::example(pattern, &kept).map(drop);
    let one = |response: &Option<Value>, error: &Option<Failure>| match (response, error) {
        (Some(response), None) => expected(response),
        (None, Some(_)) => Ok(()),
        _ => Err("needs either a response or an error".to_owned()),
    };
    let keep = match step {
        Step::Call(call) => {
            let op = menjie_bridge::find(&call.op).map_err(|_| format!("{} is no operation", call.op))?;
            if let Some(unknown) = call.who.as_ref().filter(|who| !people.contains_key(*who)) {
                return Err(format!("{unknown} is not among the people"));
            }
            if call.who.is_none() && op.reach == Reach::Network && op.kind.needs_engine() {
                return Err("says not who calls".to_owned());
            }
            asked(&call.request)?;
            one(&call.response, &call.error)?;
            call.until.values().try_for_each(expected)?;
            if !call.until.is_empty() && (call.op != "settlement.get" || call.response.is_none()) {
                return Err("only settlement.get can be waited for, and only for a response".to_owned());
            }
            if let Some(http) = &call.http {
                asked(&http.request)?;
                one(&http.response, &http.error)?;
            }
            if call.http.is_some() && op.reach != Reach::HostOnly {
                return Err("is reached over HTTP by its name".to_owned());
            }
            let answered = call.response.is_some() && (op.reach != Reach::HostOnly || call.http.as_ref().is_some_and(|http| http.response.is_some()));
            if !call.keep.is_empty() && !answered {
                return Err("nothing can be kept of a failure, or of an operation that HTTP does not answer".to_owned());
            }
            &call.keep
        }
        Step::World(world) => {
            if !matches!(world.world.split_once(' '), Some(("GET" | "POST" | "PUT" | "DELETE", path)) if path.starts_with("/admin/")) {
                return Err(format!("{} is no call of the admin API", world.world));
            }
            world.body.as_ref().map_or(Ok(()), asked)?;
            world.holds.values().try_for_each(expected)?;
            &world.keep
        }
    };
    for name in keep.keys() {
        if !names.insert(name.clone()) {
            return Err(format!("{name} is kept twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(step: Value) -> String {
        let first = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "1"}, "response": {"payment_id": "<id>"}, "keep": {"payment": "/payment_id"}});
        let file = json!({"story": "s", "day": "d", "people": {"li": {"patient": "P1"}}, "steps": [first, step]});
        match parse("s", &file.to_string(), |_| Ok::<_, String>(Value::Null)) {
            Ok(read) => format!("taken with {} steps", read.unwrap().steps.len()),
            Err(problem) => problem,
        }
    }

    #[test]
    fn what_is_not_of_the_form_is_refused_with_its_step() {
        let call = |changes: Value| {
            let mut step = json!({"op": "settlement.get", "as": "li", "request": {"payment_id": "$payment"}, "response": {}});
            changes.as_object().unwrap().iter().for_each(|(name, value)| step[name] = value.clone());
            problem(step)
        };
        assert_eq!(call(json!({})), "taken with 2 steps");
        assert_eq!(call(json!({"until": {"/progress": "done"}, "keep": {"other": "/x"}, "note": "n"})), "taken with 2 steps");
        for (changes, told) in [
            (json!({"op": "settlement.got"}), "settlement.got is no operation"),
            (json!({"as": "wang"}), "wang is not among the people"),
            (json!({"as": null}), "says not who calls"),
            (json!({"error": {"code": 2}}), "either a response or an error"),
            (json!({"response": null}), "either a response or an error"),
            (json!({"response": {"a": "<anything>"}}), "<anything> is no wildcard"),
            (json!({"response": {"a": "$later"}}), "nothing was kept as later"),
            (json!({"request": {"a": "<id>"}}), "<id> stands in a request"),
            (json!({"request": {"a": "$later"}}), "nothing was kept as later"),
            (json!({"op": "visit.paid", "until": {"/a": 1}}), "only settlement.get"),
            (json!({"keep": {"payment": "/a"}}), "payment is kept twice"),
            (json!({"http": {"path": "/x", "request": {}, "response": {}}}), "by its name"),
            (json!({"op": "patient.identify", "keep": {"a": "/a"}}), "nothing can be kept"),
            (json!({"typo": 1}), "unknown field `typo`"),
        ] {
            let problem = call(changes);
            assert!(problem.starts_with("step 2: ") && problem.contains(told), "{problem}");
        }
        assert!(problem(json!({"world": "PATCH /admin/x"})).contains("no call of the admin API"));
        assert!(problem(json!({"world": "POST /admin/pay", "body": {"code": "$later"}})).contains("nothing was kept as later"));
    }
}
