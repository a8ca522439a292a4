//! Builds the library and tells the program where it is.

fn main() {
    let built = openssl_src::Build::new().build();
    println!("cargo:rustc-env=OPENSSL_INCLUDE={}", built.include_dir().display());
    println!("cargo:rustc-env=OPENSSL_LIB={}", built.lib_dir().display());
}
