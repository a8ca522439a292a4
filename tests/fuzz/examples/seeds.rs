//! Writes the seeds of a target as files: `cargo run -p menjie-fuzz --example seeds -- NAME FOLDER`.
#![allow(clippy::unwrap_used)]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (name, folder) = (arguments.next().unwrap(), arguments.next().unwrap());
    let target = menjie_fuzz::target(&name).unwrap();
    for (at, seed) in (target.seeds)().into_iter().enumerate() {
        std::fs::write(format!("{folder}/seed-{at}"), seed).unwrap();
    }
}
