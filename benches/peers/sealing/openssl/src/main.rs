//! Prints what a C compiler needs to link the OpenSSL that was built.

fn main() {
    println!("-I{} -L{} -lcrypto -ldl -lpthread", env!("OPENSSL_INCLUDE"), env!("OPENSSL_LIB"));
}
