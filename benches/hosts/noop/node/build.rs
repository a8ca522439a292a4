//! Node's own functions are found when the addon is loaded: macOS and Windows must be told.

fn main() {
    napi_build::setup();
}
