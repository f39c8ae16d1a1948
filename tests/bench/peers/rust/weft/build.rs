//! Tells the linker where libweft is: in $WEFT_LIB_DIR, the build folder's capi/.

fn main() {
    println!("cargo:rerun-if-env-changed=WEFT_LIB_DIR");
    let dir = std::env::var("WEFT_LIB_DIR").expect("WEFT_LIB_DIR names the folder of libweft.so");
    println!("cargo:rustc-link-search=native={dir}");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    println!("cargo:rustc-link-lib=dylib=weft");
}
