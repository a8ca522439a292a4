//! Playing a scenario on a host: step after step, each answer judged; the first that is wrong ends the story.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use menjie_bridge::{Reach, find};
use serde_json::{Value, json};

use crate::http::Server;
use crate::pattern::{Kept, differs, fill};
use crate::scenario::{Call, Failure, Person, Scenario, Step, World};
use crate::vectors::{Answer, Case, Expect};

/// One look of a wait lasts so long at most: an answer comes as soon as something changed.
const LOOK_MS: u32 = 5_000;
/// What does not happen within this time does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whoever replays scenarios: a process with the engine in it, a terminal, a server.
pub trait Host {
    /// Somebody (or nobody in particular) calls an operation.
    fn call(&mut self, who: Option<&Person>, op: &str, request: &str) -> io::Result<Answer>;

    /// The server, when the host is reached over a network: there a host-only operation must look like one that does not
    /// exist, and its route is replayed instead. `None` for hosts that have the operation themselves.
    fn network(&mut self) -> Option<io::Result<Server>>;

    /// Where the simulator's switches are.
    fn admin(&self) -> Server;
}

/// Plays a scenario; how many steps held, or what was wrong.
pub fn play(scenario: &Scenario, host: &mut impl Host) -> Result<usize, String> {
    let mut kept = Kept::new();
    for (at, step) in scenario.steps.iter().enumerate() {
        let (name, note) = match step {
            Step::Call(call) => (&call.op, &call.note),
            Step::World(world) => (&world.world, &world.note),
        };
        let done = match step {
            Step::Call(call) => called(scenario, call, host, &mut kept),
            Step::World(world) => happened(world, &host.admin(), &mut kept),
        };
        done.map_err(|what| format!("{} / step {} {name} ({note}): {what}", scenario.name, at + 1))?;
    }
    Ok(scenario.steps.len())
}

fn called(scenario: &Scenario, call: &Call, host: &mut impl Host, kept: &mut Kept) -> Result<(), String> {
    let who = call.who.as_ref().and_then(|who| scenario.people.get(who));
    let request = fill(&call.request, kept)?;
    let reach = find(&call.op).map_err(|e| e.to_string())?.reach;
    if reach == Reach::HostOnly
        && let Some(server) = host.network()
    {
        let hidden = Failure { code: 1, context: BTreeMap::new() };
        judge(None, Some(&hidden), &ask(host, who, call, &request)?, kept).map_err(|what| format!("over the network by name: {what}"))?;
        let Some(route) = &call.http else { return Ok(()) };
        let server = server.map_err(|e| e.to_string())?;
        let (status, json) = server.post(&route.path, &fill(&route.request, kept)?.to_string()).map_err(|e| e.to_string())?;
        let answer = Answer { is_response: status == 200, json };
        judge(route.response.as_ref(), route.error.as_ref(), &answer, kept)?;
        return keep(&call.keep, &answer.json, kept);
    }
    let answer = if call.until.is_empty() { ask(host, who, call, &request)? } else { wait(host, who, call, request, kept)? };
    judge(call.response.as_ref(), call.error.as_ref(), &answer, kept)?;
    keep(&call.keep, &answer.json, kept)
}

fn ask(host: &mut impl Host, who: Option<&Person>, call: &Call, request: &Value) -> Result<Answer, String> {
    host.call(who, &call.op, &request.to_string()).map_err(|e| e.to_string())
}

/// Looks again whenever the version is another, until the response is as wanted.
fn wait(host: &mut impl Host, who: Option<&Person>, call: &Call, mut request: Value, kept: &Kept) -> Result<Answer, String> {
    let begun = Instant::now();
    loop {
        let answer = ask(host, who, call, &request)?;
        let view: Value = serde_json::from_str(&answer.json).map_err(|e| e.to_string())?;
        if !answer.is_response || places(&call.until, &view, kept).is_none() {
            return Ok(answer);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("never came: {}", answer.json));
        }
        let members = request.as_object_mut().ok_or("the request is no object")?;
        members.insert("wait_ms".to_owned(), json!(LOOK_MS));
        members.insert("since".to_owned(), view.get("version").cloned().ok_or("the response has no version")?);
    }
}

fn happened(world: &World, admin: &Server, kept: &mut Kept) -> Result<(), String> {
    let (method, path) = world.world.split_once(' ').ok_or("has no path")?;
    let body = world.body.as_ref().map(|body| fill(body, kept)).transpose()?.map(|body| body.to_string()).unwrap_or_default();
    let (status, text) = admin.send(method, path, &body).map_err(|e| e.to_string())?;
    if !(200..300).contains(&status) {
        return Err(format!("answered {status} {text}"));
    }
    let answer = serde_json::from_str(&text).unwrap_or(Value::Null);
    places(&world.holds, &answer, kept).map_or(Ok(()), Err)?;
    keep(&world.keep, &text, kept)
}

/// The first place that does not hold what is wanted there.
fn places(wanted: &BTreeMap<String, Value>, got: &Value, kept: &Kept) -> Option<String> {
    wanted.iter().find_map(|(place, pattern)| match got.pointer(place) {
        Some(value) => differs(pattern, value, kept).map(|what| format!("at {place}: {what}")),
        None => Some(format!("{place} is missing in {got}")),
    })
}

fn keep(wanted: &BTreeMap<String, String>, json: &str, kept: &mut Kept) -> Result<(), String> {
    if wanted.is_empty() {
        return Ok(());
    }
    let answer: Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
    for (name, place) in wanted {
        let value = answer.pointer(place).ok_or_else(|| format!("there is no {place} to keep as {name} in {json}"))?;
        kept.insert(name.clone(), value.clone());
    }
    Ok(())
}

fn judge(response: Option<&Value>, error: Option<&Failure>, answer: &Answer, kept: &Kept) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{what}\n  got {}", answer.json));
    match (response, error) {
        (Some(pattern), _) => match serde_json::from_str(&answer.json) {
            Err(_) => wrong("the answer is not JSON".to_owned()),
            Ok(_) if !answer.is_response => wrong("a response was expected".to_owned()),
            Ok(got) => differs(pattern, &got, kept).map_or(Ok(()), wrong),
        },
        (None, Some(Failure { code, context })) => {
            let expect = Expect::Failure { code: *code, context: context.clone() };
            let case = Case { title: "answer".to_owned(), op: String::new(), request: String::new(), expect };
            case.judge(answer).map_or(Ok(()), Err)
        }
        (None, None) => Err("nothing is expected".to_owned()),
    }
}

/// So many stories are told at once: each has servers and a runner of its own.
const AT_ONCE: usize = 4;

/// Plays all scenarios, some at a time, each on a host of its own; what was wrong, in words.
pub fn play_all(scenarios: &[Scenario], one: impl Fn(&Scenario) -> Result<usize, String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(scenarios.len()) {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(what) = one(scenario) {
                        wrong.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}: {what}", scenario.name));
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}
