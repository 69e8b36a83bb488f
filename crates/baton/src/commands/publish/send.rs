//! Records out to the service, many at a time, and what became of each.

use std::collections::BTreeSet;

use baton_client::{Client, ClientError, request_id};
use baton_wire::{json as wire, v1};
use futures::{StreamExt as _, stream};
use indicatif::ProgressBar;
use prost::Message as _;
use serde_json::{Value, json};

use super::Refused;
use super::record::Place;
use crate::commands::{agreement, batch};
use crate::output::{Exit, Output};

/// Records held until they are sent together.
const RECORDS_MAX: usize = 1_024;
/// Their encoded size, but for the last one.
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Checks under way at once in a dry run.
const CHECKS_IN_FLIGHT: usize = 8;
/// Notes on one file shown to people.
const NOTES_SHOWN: usize = 20;

/// What goes out, and the sum of what became of it.
pub(super) struct Outbox {
    client: Client,
    dry_run: bool,
    output: Output,
    file: String,
    bar: ProgressBar,
    places: Vec<Place>,
    requests: Vec<v1::PublishProfileRequest>,
    bytes: usize,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    published: u64,
    unchanged: u64,
    publishable: u64,
    refused: u64,
    /// Of them, those the service does not allow this caller at all.
    denied: u64,
    /// What is told of receivers without an agreement, once each.
    without: BTreeSet<String>,
}

/// What became of one record.
enum Done {
    Published(v1::PublishProfileResponse),
    Publishable {
        missing: Vec<String>,
        notices: Vec<v1::FieldViolation>,
    },
}

impl Outbox {
    pub(super) fn to(client: Client, dry_run: bool, output: Output) -> Self {
        Self {
            client,
            dry_run,
            output,
            file: String::new(),
            bar: ProgressBar::hidden(),
            places: Vec::new(),
            requests: Vec::new(),
            bytes: 0,
            tally: Tally::default(),
        }
    }

    /// What is put from here on is of this file.
    pub(super) fn begin(&mut self, file: &str, bar: ProgressBar) {
        file.clone_into(&mut self.file);
        self.bar = bar;
    }

    /// Takes a record; sends those that wait when they are enough.
    pub(super) async fn put(
        &mut self,
        place: Place,
        submission: v1::ProfileSubmission,
    ) -> anyhow::Result<()> {
        let request = v1::PublishProfileRequest {
            parent: self.client.parent().unwrap_or_default().to_owned(),
            profile: Some(submission),
            // One for this run and record, so that a repetition within the run is known as one.
            request_id: request_id()?,
        };
        self.bytes += request.encoded_len();
        self.places.push(place);
        self.requests.push(request);
        if self.requests.len() >= RECORDS_MAX || self.bytes >= BYTES_MAX {
            self.send().await?;
        }
        Ok(())
    }

    /// Sends what waits. An error: the service cannot be reached or does not know the caller, so
    /// there is no use in going on.
    pub(super) async fn send(&mut self) -> anyhow::Result<()> {
        let (places, requests) = (
            std::mem::take(&mut self.places),
            std::mem::take(&mut self.requests),
        );
        self.bytes = 0;
        let answers = if self.dry_run {
            check(&self.client, requests).await
        } else {
            let client = &self.client;
            batch::settle(&requests, async |requests| {
                let answers = client.publish_all(requests, |_| {}).await;
                Ok(answers
                    .into_iter()
                    .map(|answer| answer.map(Done::Published))
                    .collect())
            })
            .await?
        };
        let errors = answers.iter().filter_map(|answer| answer.as_ref().err());
        let hopeless = errors.into_iter().find(|error| ends_all(error)).cloned();
        for (place, answer) in places.iter().zip(answers) {
            match answer {
                Ok(done) => self.done(place, done),
                Err(error) => {
                    self.tally.denied += u64::from(error == ClientError::Denied);
                    self.refuse(place, &Refused::by_service(&error, "profile."));
                }
            }
        }
        hopeless.map_or(Ok(()), |error| Err(error.into()))
    }

    fn done(&mut self, place: &Place, done: Done) {
        let mut json = self.json(place);
        match done {
            Done::Published(v1::PublishProfileResponse {
                name,
                version,
                changed,
                notices,
                missing_agreement,
                ..
            }) => {
                let count = if changed {
                    &mut self.tally.published
                } else {
                    &mut self.tally.unchanged
                };
                *count += 1;
                json["profile"] = name.as_str().into();
                json["version"] = version.into();
                json["changed"] = changed.into();
                let told = noticed(&mut json, notices);
                if let Some(missing) = &missing_agreement {
                    json["missing_agreement"] = wire::write(missing).unwrap_or_default();
                    self.tally.without.insert(agreement::told(missing));
                }
                if self.output.is_json() || changed || !told.is_empty() {
                    let said = || format!("{}: {name} version {version}{told}", self.place(place));
                    self.bar.suspend(|| self.output.result(&json, said));
                }
            }
            Done::Publishable { missing, notices } => {
                self.tally.publishable += 1;
                json["missing_core"] = missing.clone().into();
                let told = noticed(&mut json, notices);
                let said = || {
                    let fields = missing.join(", ");
                    let n = missing.len();
                    format!(
                        "{}: could be published; {n} core questions open: {fields}{told}",
                        self.place(place)
                    )
                };
                if self.output.is_json() || !missing.is_empty() || !told.is_empty() {
                    self.bar.suspend(|| self.output.result(&json, said));
                }
            }
        }
    }

    /// A record that was refused, here or there.
    pub(super) fn refuse(&mut self, place: &Place, refused: &Refused) {
        self.tally.refused += 1;
        let mut json = self.json(place);
        json["refused"] = json!(refused);
        self.bar.suspend(|| {
            self.output
                .result(&json, || refused.told(&self.place(place)));
        });
    }

    /// A file of which nothing is read.
    pub(super) fn refuse_file(&mut self, file: &str, refused: &Refused) {
        self.tally.refused += 1;
        let json = json!({ "file": file, "refused": refused });
        self.output.result(&json, || refused.told(file));
    }

    /// The file is at its end; what it had that was not taken over is told to people.
    pub(super) fn end(&mut self, left_out: &[String]) {
        self.bar.finish_and_clear();
        for line in left_out.iter().take(NOTES_SHOWN) {
            self.output.say(&format!("{}: {line}", self.file));
        }
        if left_out.len() > NOTES_SHOWN {
            self.output.say(&format!(
                "{}: and {} more",
                self.file,
                left_out.len() - NOTES_SHOWN
            ));
        }
    }

    /// The sum.
    pub(super) fn finish(self) -> Exit {
        let Tally {
            published,
            unchanged,
            publishable,
            refused,
            denied,
            without,
        } = self.tally;
        let json = if self.dry_run {
            json!({ "publishable": publishable, "refused": refused, "dry_run": true })
        } else {
            json!({
                "published": published, "unchanged": unchanged, "refused": refused,
                "dry_run": false,
            })
        };
        self.output.result(&json!({ "summary": json }), || {
            match (self.dry_run, published, refused) {
                (true, ..) => format!("{publishable} could be published, {refused} not"),
                (false, 0, 0) => format!("nothing changed: {unchanged} stand already as they are"),
                (false, ..) => {
                    format!("{published} published, {unchanged} unchanged, {refused} refused")
                }
            }
        });
        agreement::advise(&without, self.output);
        match refused {
            0 => Exit::Done,
            refused if refused == denied && published + unchanged == 0 => {
                self.output.advise(&ClientError::Denied);
                Exit::NotAllowed
            }
            _ => Exit::SomeRefused,
        }
    }

    fn json(&self, place: &Place) -> Value {
        json!({ "file": self.file, "line": place.line, "record": place.record })
    }

    fn place(&self, place: &Place) -> String {
        format!("{} line {}, {}", self.file, place.line, place.record)
    }
}

/// Every problem of each, found by the service; nothing is stored.
async fn check(
    client: &Client,
    requests: Vec<v1::PublishProfileRequest>,
) -> Vec<batch::Answer<Done>> {
    let checks = requests.into_iter().map(|request| async move {
        let request = v1::CheckProfileRequest {
            parent: request.parent,
            profile: request.profile,
        };
        let told = client.check_profile(request).await?;
        if told.violations.is_empty() {
            let missing = told.missing_core.iter().map(|path| bare(path).to_owned());
            return Ok(Done::Publishable {
                missing: missing.collect(),
                notices: told.notices,
            });
        }
        Err(ClientError::Invalid(
            told.violations.into_iter().map(Into::into).collect(),
        ))
    });
    stream::iter(checks)
        .buffered(CHECKS_IN_FLIGHT)
        .collect()
        .await
}

/// A path as it is in its file, where the profile stands alone.
fn bare(path: &str) -> &str {
    path.strip_prefix("profile.").unwrap_or(path)
}

/// Puts what nobody outside is shown into the record's line, and says it to people, a line each.
fn noticed(json: &mut Value, notices: Vec<v1::FieldViolation>) -> String {
    let told = notices.iter().map(|one| {
        let (field, message) = (bare(&one.field), one.description.trim_end_matches('.'));
        format!("\n  {field}: {message} [{}]", one.rule)
    });
    let told = told.collect();
    if !notices.is_empty() {
        let lines = notices.into_iter().map(|one| {
            let field = bare(&one.field);
            json!({ "field": field, "rule": one.rule, "message": one.description })
        });
        json["notices"] = lines.collect();
    }
    told
}

/// Whether an error will be every further record's too.
fn ends_all(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::NotAuthenticated
            | ClientError::Connect(_)
            | ClientError::Lost
            | ClientError::Deadline
            | ClientError::OutcomeUnknown { .. }
            | ClientError::Unavailable { .. }
    )
}
