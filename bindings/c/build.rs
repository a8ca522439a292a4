//! The name under which programs find the library at run time: cargo sets none (STYLE.md §5.2). Another major number stands here when
//! something is taken away from the interface. And that it stays loaded once it is.

// Cargo is told on standard output.
#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmenjie.so.1");
        // Threads and thread-local values outlive dlclose, so their code does, too.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
