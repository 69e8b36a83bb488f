//! Turns `proto/baton/v1` into code: messages with client stubs (`v1`), the server's twin whose
//! sections stay bytes (`twin`), the descriptor set, and the tables the validator walks by.
//!
//! The descriptor set is taken as the compiler *encodes* it: once it has passed through
//! `prost-types`, the options of the fields, which are the rules of the contract, are gone.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

mod check;
mod rule;
mod tables;
mod together;
mod twin;

#[expect(clippy::print_stdout, reason = "the way to speak to cargo")]
fn main() {
    let root =
        Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    // The folder too, so that a new file is noticed.
    println!("cargo:rerun-if-changed={}", root.display());
    println!("cargo:rerun-if-changed=build");

    let mut compiler = protox::Compiler::new([&root]).expect("the proto folder is there");
    compiler.include_source_info(true).include_imports(true);
    if let Err(problem) = compiler.open_files(proto_files(&root.join("baton/v1"), &root)) {
        panic!("the contract does not compile:\n{problem:?}");
    }
    let encoded = compiler.encode_file_descriptor_set();
    let pool = prost_reflect::DescriptorPool::decode(encoded.as_slice()).expect("it is complete");
    fs::write(out.join("descriptor_set.bin"), encoded).expect("OUT_DIR is writable");

    let files = compiler.file_descriptor_set();
    generate(&out.join("twin"), twin::of(files.clone()), &Side::Server);
    generate(&out.join("v1"), files, &Side::Client);

    let problems = check::problems(&pool);
    assert!(
        problems.is_empty(),
        "the contract breaks its own rules in {} places:\n  {}",
        problems.len(),
        problems.join("\n  "),
    );
    fs::write(out.join("tables.rs"), tables::print(&pool)).expect("OUT_DIR is writable");
}

/// Every `.proto` of the package, as paths below the proto root, in order of name.
fn proto_files(folder: &Path, root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the package folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "proto")
        })
        .map(|path| path.strip_prefix(root).expect("it lies below").to_owned())
        .collect();
    files.sort();
    files
}

enum Side {
    Client,
    Server,
}

fn generate(out: &Path, files: prost_types::FileDescriptorSet, side: &Side) {
    fs::create_dir_all(out).expect("OUT_DIR is writable");
    let server = matches!(side, Side::Server);
    let mut config = tonic_prost_build::Config::new();
    // A message knows its name in the contract, by which JSON finds its descriptor.
    config.enable_type_names();
    if !server {
        // Typed sections are some 14 KB by value, and whatever holds a profile would hold that.
        config.boxed(".baton.v1.ProfileSubmission.content");
        config.boxed(".baton.v1.Profile.content");
    }
    tonic_prost_build::configure()
        .build_server(server)
        .build_client(!server)
        .bytes(".baton.v1")
        .btree_map(".baton.v1")
        .emit_rerun_if_changed(false)
        .out_dir(out)
        .compile_fds_with_config(files, config)
        .expect("the descriptors generate");
}
