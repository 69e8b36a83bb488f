//! Code generated from `proto/baton/v1` by the build script. Lints are for what people write.

/// The contract with every field typed, and client stubs. What client, formats and portal use.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    rustdoc::all,
    reason = "generated"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/v1/baton.v1.rs"));
}

/// The same messages on the wire, with sections left as bytes, and server stubs.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    rustdoc::all,
    reason = "generated"
)]
pub mod twin {
    include!(concat!(env!("OUT_DIR"), "/twin/baton.v1.rs"));
}

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, field options included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
