//! Keys for a first start, as `menjie keygen` and `menjie log keygen` make them.

use std::path::PathBuf;

use menjie_bridge::build;
use pyo3::prelude::*;

use crate::native::{failed, native};

/// Makes the key file of a store's sealed columns; an existing file is never overwritten.
#[pyfunction]
pub(crate) fn make_store_keys(py: Python<'_>, path: PathBuf) -> PyResult<()> {
    native(py, || build::make_keys(&path).map_err(failed))
}

/// Makes the signer's key of a sealed log, and those of one auditor, whose private key belongs on a machine of his own.
#[pyfunction]
pub(crate) fn make_log_keys(py: Python<'_>, folder: PathBuf) -> PyResult<()> {
    native(py, || build::make_log_keys(&folder).map_err(failed))
}
