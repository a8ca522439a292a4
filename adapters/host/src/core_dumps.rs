//! Core dumps: the memory of a process that holds keys and patients' data is never written to a disk in clear.

use std::io;

/// Makes this process refuse to be dumped, whatever kills it, and to be traced by anybody but root. The limit is for
/// kernels that write a file, the flag also for those that pipe the memory to a collector. Says why when it cannot.
#[cfg(target_os = "linux")]
pub fn refuse() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?)
}

/// Elsewhere only the service's own settings can.
#[cfg(not(target_os = "linux"))]
pub fn refuse() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Does this process refuse both?
#[cfg(target_os = "linux")]
pub fn are_refused() -> bool {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
    dumpable_behavior().is_ok_and(|set| set == DumpableBehavior::NotDumpable) && getrlimit(Resource::Core).maximum == Some(0)
}

/// Elsewhere nobody can tell.
#[cfg(not(target_os = "linux"))]
pub fn are_refused() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_dumpable_until_it_refuses() {
        assert!(!are_refused());
        refuse().unwrap();
        assert!(are_refused());
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    }
}
