//! `menjie._core`: what the Python package stands on. Nobody imports it but the package, whose types and errors are in Python
//! (`bindings/python/python/menjie`).
//!
//! Every call goes through [`native`]: the interpreter is let go while Rust works, what panics becomes the error 901, and a failure becomes
//! an exception of `menjie.errors`. Texts go in and out as JSON, tables as streams of Arrow.
// Whoever reaches what is public here is Python; what is said of each function stands in `_core.pyi`, too.
#![allow(unreachable_pub)]

mod batch;
mod contents;
mod engine;
mod forks;
mod keys;
mod log;
mod misuse;
mod native;
mod ports;
mod shared;

use pyo3::prelude::*;

/// The native part of the package menjie.
#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    native::hide_panic_texts();
    forks::count()?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<log::Log>()?;
    module.add_class::<batch::Table>()?;
    module.add_class::<ports::Reply>()?;
    module.add_function(wrap_pyfunction!(engine::call, module)?)?;
    module.add_function(wrap_pyfunction!(batch::call_batch, module)?)?;
    module.add_function(wrap_pyfunction!(contents::operations, module)?)?;
    module.add_function(wrap_pyfunction!(contents::batches, module)?)?;
    module.add_function(wrap_pyfunction!(keys::make_store_keys, module)?)?;
    module.add_function(wrap_pyfunction!(keys::make_log_keys, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    #[cfg(feature = "testing")]
    module.add_function(wrap_pyfunction!(native::testing_panic, module)?)?;
    Ok(())
}
