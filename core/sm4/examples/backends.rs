//! Which back ends this processor has: those are the ones its tests have run. `cargo run -p menjie-sm4 --example backends`
#![allow(clippy::print_stdout)]

use menjie_sm4::Backend;

fn main() {
    let (run, lacking): (Vec<_>, Vec<_>) = Backend::ALL.into_iter().partition(|backend| backend.is_available());
    let lacking = if lacking.is_empty() { "none".to_owned() } else { format!("{lacking:?}, which this processor lacks") };
    println!("SM4 back ends tested: {run:?}; not tested: {lacking}");
}
