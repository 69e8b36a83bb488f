//! The calls of the contract by their paths, as HTTP/2 carries them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::FileDescriptorSet;

use crate::DESCRIPTOR_SET;

/// Every `/package.Service/Method` of the contract.
pub fn paths() -> &'static BTreeSet<String> {
    static PATHS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        // The build made these bytes; nothing else can be in them.
        let files = FileDescriptorSet::decode(DESCRIPTOR_SET)
            .unwrap_or_default()
            .file;
        let mut paths = BTreeSet::new();
        for file in &files {
            for service in &file.service {
                for method in &service.method {
                    let (package, service) = (file.package(), service.name());
                    paths.insert(format!("/{package}.{service}/{}", method.name()));
                }
            }
        }
        paths
    });
    &PATHS
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn the_calls_of_the_contract_are_known_by_path() {
        assert!(paths().contains("/baton.v1.ProfileService/PublishProfile"));
        assert!(paths().iter().all(|path| path.starts_with("/baton.v1.")));
    }
}
