//! The way to a service, and the ways that are none.

use std::time::Duration;

use baton_client::{Client, ClientError, ConnectError, Connection, RetryPolicy};
use baton_wire::v1;

use crate::double::Double;

#[tokio::test]
async fn there_is_no_plaintext_and_no_trust_without_roots() {
    for url in [
        "http://127.0.0.1:1",
        "https://",
        "127.0.0.1:1",
        "https://h/path",
        "ftp://h",
    ] {
        let refused = Connection::builder(url)
            .ca_pem("x")
            .connect()
            .await
            .unwrap_err();
        assert_eq!(refused, ConnectError::Address.into(), "{url}");
    }
    let none = Connection::builder("https://127.0.0.1:1")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(none, ConnectError::Roots.into());
}

#[tokio::test]
async fn a_caller_has_one_credential() {
    let double = Double::start().await;
    let both = double
        .connection()
        .identity_pem("c", "k")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(both, ConnectError::TwoCredentials.into());
    let key = double
        .connection()
        .api_key("line\nbreak")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(key, ConnectError::ApiKey.into());
    assert!(!format!("{:?}", double.connection()).contains("baton_test_key"));
}

#[tokio::test]
async fn a_stranger_is_not_trusted_and_nobody_is_not_waited_for() {
    let double = Double::start().await;
    let other = Double::start().await;
    let address = format!("https://{}", double.address);
    let wrong = Connection::builder(&address).ca_pem(&other.ca);
    assert_eq!(wrong.connect().await.unwrap_err(), ConnectError::Tls.into());
    // Found out at the first call just as well, and not tried again.
    let lazy = Connection::builder(&address)
        .ca_pem(&other.ca)
        .connect_lazy()
        .unwrap();
    let call = Client::new(lazy)
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await;
    assert_eq!(call.unwrap_err(), ConnectError::Tls.into());

    let nobody = Connection::builder("https://127.0.0.1:1")
        .ca_pem(&other.ca)
        .retry(RetryPolicy::once())
        .connect_timeout(Duration::from_secs(2));
    let error = nobody.connect().await.unwrap_err();
    assert_eq!(error, ConnectError::Unreachable.into());
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_certificate_proves_the_caller() {
    let own = rcgen::generate_simple_self_signed(vec!["caller".to_owned()]).unwrap();
    let (cert, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let double = Double::start_with(Some(cert.clone())).await;
    let builder = || {
        Connection::builder(format!("https://{}", double.address))
            .ca_pem(&double.ca)
            .retry(RetryPolicy::once())
    };
    let ask = async |connection| {
        Client::new(connection)
            .get_checkpoint(v1::GetCheckpointRequest::default())
            .await
    };
    let known = builder().identity_pem(&cert, &key).connect().await.unwrap();
    ask(known).await.unwrap();
    // With TLS 1.3 a missing certificate shows at the first call only.
    if let Ok(connection) = builder().connect().await {
        let error = ask(connection).await.unwrap_err();
        assert!(
            matches!(error, ClientError::Lost | ClientError::Connect(_)),
            "{error:?}"
        );
    }
    let broken = builder()
        .identity_pem(&cert, "no key")
        .connect()
        .await
        .unwrap_err();
    assert_eq!(broken, ConnectError::Identity.into());
}

#[tokio::test]
async fn with_a_socket_the_address_is_not_where_it_goes() {
    let double = Double::start().await;
    double.connection().connect().await.expect("it answers");
    let folder = tempfile::tempdir().unwrap();
    let refused = double
        .connection()
        .over_socket(folder.path().join("nobody.sock"))
        .connect()
        .await
        .unwrap_err();
    assert_eq!(refused, ConnectError::Unreachable.into());
}
