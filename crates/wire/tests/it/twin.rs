//! The two generated views are one contract on the wire.

use baton_wire::{sample, twin, v1};
use bytes::Bytes;
use prost::Message as _;

#[test]
fn the_server_keeps_the_bytes_of_the_sections_it_received() {
    let content = sample::complete(11);
    let typed = v1::ProfileSubmission {
        signatory: "Head".to_owned(),
        content: Some(Box::new(v1::Sections::decode(content).expect("valid"))),
        ..Default::default()
    };
    let sent = typed
        .content
        .as_ref()
        .map(prost::Message::encode_to_vec)
        .unwrap_or_default();
    let request = v1::PublishProfileRequest {
        profile: Some(typed),
        ..Default::default()
    };
    let received = twin::PublishProfileRequest::decode(Bytes::from(request.encode_to_vec()))
        .expect("the same on the wire");
    assert_eq!(received.profile.expect("sent").content, sent);
}

#[test]
fn a_client_reads_typed_what_the_server_sends_as_bytes() {
    let content = sample::complete(12);
    let profile = twin::Profile {
        content: content.clone(),
        version: 3,
        ..Default::default()
    };
    let read = v1::Profile::decode(profile.encode_to_vec().as_slice()).expect("the same");
    assert_eq!(read.version, 3);
    assert_eq!(
        read.content,
        Some(Box::new(v1::Sections::decode(content).expect("valid")))
    );
}

#[test]
fn no_content_is_no_content_on_both_sides() {
    let profile = twin::Profile::default();
    let read = v1::Profile::decode(profile.encode_to_vec().as_slice()).expect("the same");
    assert_eq!(read.content, None);
}
