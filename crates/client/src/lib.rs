//! How others speak to a Baton service: connect, publish, subscribe, and hold the ledger to its
//! word.
//!
//! # Publish
//!
//! Every act has a request id, so a call may be repeated until its outcome is known; the client
//! does so within the deadline. Keep your own id where a repetition may come after a crash.
//!
//! ```no_run
//! use baton_client::{Client, ClientError, Connection};
//! use baton_wire::v1;
//!
//! # async fn example(ca: &str, key: String, setting: &str, submission: v1::ProfileSubmission)
//! #     -> Result<(), ClientError> {
//! let connection = Connection::builder("https://baton.example.gov.uk:8443")
//!     .ca_pem(ca)
//!     .api_key(key)
//!     .connect()
//!     .await?;
//! let client = Client::new(connection).acting_for(setting);
//! let request = v1::PublishProfileRequest { profile: Some(submission), ..Default::default() };
//! match client.publish_profile(request).await {
//!     Ok(published) => println!("version {} stands", published.version),
//!     Err(ClientError::Invalid(violations)) => {
//!         for violation in violations {
//!             println!("{}: {}", violation.field, violation.description);
//!         }
//!     }
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Many at once, in batches and in order:
//!
//! ```no_run
//! # async fn example(client: baton_client::Client,
//! #     requests: Vec<baton_wire::v1::PublishProfileRequest>) {
//! let answers = client
//!     .publish_all(requests, |reached| println!("{} done, {} failed", reached.done, reached.failed))
//!     .await;
//! # let _ = answers;
//! # }
//! ```
//!
//! The receipt of a publish, as a file that shows for good that it stands in the ledger:
//!
//! ```no_run
//! # async fn example(client: baton_client::Client, setting: &str,
//! #     published: baton_wire::v1::PublishProfileResponse, witness: baton_client::Witness)
//! #     -> Result<(), Box<dyn std::error::Error>> {
//! let receipt = published.receipt.unwrap_or_default();
//! let key = witness.verifier_key().await.ok_or("the ledger was never seen")?;
//! let proof = baton_client::portable_receipt(&client, setting, &receipt, &[key]).await?;
//! std::fs::write("published.tlog-proof", proof.to_string())?;
//! # Ok(())
//! # }
//! ```
//!
//! A file that goes with a profile, and the same on the other side:
//!
//! ```no_run
//! # async fn example(client: baton_client::Client, profile: String, name: &str)
//! #     -> Result<(), Box<dyn std::error::Error>> {
//! use baton_client::NewDocument;
//! use baton_wire::v1::SectionKind;
//!
//! let document = NewDocument {
//!     profile,
//!     kind: SectionKind::EhcPlan,
//!     title: "Final plan, February 2026".to_owned(),
//!     media_type: "application/pdf".to_owned(),
//! };
//! let mut file = tokio::fs::File::open("plan.pdf").await?;
//! let added = client.add_document(document, &mut file, |sent, all| println!("{sent}/{all}")).await?;
//!
//! let mut to = tokio::fs::File::create("plan.pdf").await?;
//! client.download_document(name, &mut to, |came, all| println!("{came}/{all}")).await?;
//! # let _ = added;
//! # Ok(())
//! # }
//! ```
//!
//! # Subscribe
//!
//! The cursor is yours: save the token once what came before it is dealt with.
//!
//! ```no_run
//! use baton_client::{Event, Sighting, Subscription, TokenFile, Witness};
//! use baton_wire::v1::ItemKind;
//! use futures::StreamExt as _;
//!
//! # async fn example(client: baton_client::Client, name: &str)
//! #     -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = TokenFile::at("baton.token");
//! let witness = Witness::at("baton.witness.json")?.evidence_in("baton-evidence");
//! let subscription = Subscription::of(&client, name)?
//!     .resume_from(tokens.load().await?)
//!     .inline_content(true)
//!     .witnessed_by(&witness);
//! let mut watch = subscription.watch();
//! while let Some(event) = watch.next().await {
//!     match event? {
//!         Event::Turn(turn) => {
//!             for item in turn.items {
//!                 match (item.kind(), item.profile) {
//!                     (ItemKind::Profile, Some(profile)) => {
//!                         // … take it over, then:
//!                         subscription.acknowledge(profile.name, profile.version).await?;
//!                     }
//!                     // … delete your copy, or say why not; take over in time what you have not
//!                     (ItemKind::Closed | ItemKind::Expires, Some(_)) => {}
//!                     _ => {}
//!                 }
//!             }
//!             tokens.save(&turn.token).await?;
//!         }
//!         Event::Bookmark { token } => tokens.save(&token).await?,
//!         Event::LedgerChanged { token } => tokens.save(&token).await?,
//!         Event::Witness(Sighting::Alarm(alarm)) => eprintln!("alarm: {}", alarm.kind.name()),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! | what | limit |
//! |---|---|
//! | request, answer | [`SEND_BYTES_MAX`] 5 MiB, [`RECEIVE_BYTES_MAX`] 16 MiB |
//! | a call, repetitions included | [`DEADLINE`] 30 s, [`ATTEMPTS_MAX`] 6, waits up to [`BACKOFF_MAX`] 5 s |
//! | a batch | [`BATCH_ITEMS_MAX`] 64 items, [`BATCH_BYTES_MAX`] 4 MiB, [`BATCHES_IN_FLIGHT`] 4 at once |
//! | a watch | [`SILENCE_MAX`] 45 s of silence, [`RECONNECTS_MAX`] 120 failures in a row |
//!
//! Nothing is logged but counts and reasons: no content, no names, no ids. TLS is not optional.

mod calls;
mod client;
mod codec;
mod connect;
mod documents;
mod error;
mod file;
mod publish;
mod receipt;
mod request_id;
mod retry;
mod sighting;
mod subscription;
mod token_file;
mod witness;

pub use client::Client;
pub use connect::{
    CONNECT_TIMEOUT, Connection, ConnectionBuilder, DEADLINE, KEEPALIVE_INTERVAL,
    KEEPALIVE_TIMEOUT, RECEIVE_BYTES_MAX, SEND_BYTES_MAX,
};
pub use documents::{DocumentError, NewDocument};
pub use error::{ClientError, ConnectError, ProtocolError};
pub use publish::{BATCH_BYTES_MAX, BATCH_ITEMS_MAX, BATCHES_IN_FLIGHT, Progress, Published};
pub use receipt::{ProofNote, ReceiptError, portable_receipt, verify_receipt};
pub use request_id::request_id;
pub use retry::{ATTEMPTS_MAX, BACKOFF_FIRST, BACKOFF_MAX, RetryPolicy};
pub use sighting::{Alarm, AlarmKind, Evidence, Sighting};
pub use subscription::{
    Event, PULL_WAIT_MAX, RECONNECT_WAIT_MAX, RECONNECTS_MAX, RETRY_AFTER_MAX, SILENCE_MAX,
    Subscription, TURN_ITEMS_MAX, Turn, Watch,
};
pub use token_file::TokenFile;
pub use witness::{EVIDENCE_MAX, LOOK_DEADLINE, LOOK_EVERY_TURNS, LOOKS_MISSED_MAX, Witness};
