//! Tells the linker where libweft is: in $WEFT_LIB_DIR (the meson build folder's capi/), else where pkg-config says.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=WEFT_LIB_DIR");
    let dir = std::env::var("WEFT_LIB_DIR").ok().or_else(|| {
        let answer = Command::new("pkg-config").args(["--variable=libdir", "weft"]).output().ok()?;
        answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_string())
    });
    if let Some(dir) = dir {
        println!("cargo:rustc-link-search=native={dir}");
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    }
    println!("cargo:rustc-link-lib=dylib=weft");
}
