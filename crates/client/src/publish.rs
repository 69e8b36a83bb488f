//! Many publishes: cut into batches, several under way at once, answered in the order given.

use std::{iter::Peekable, time::Duration};

use baton_wire::v1;
use futures::{StreamExt as _, stream};
use prost::Message as _;
use tokio::time::sleep;

use crate::{Client, ClientError, ProtocolError, client::Kind};

/// Items in one batch.
pub const BATCH_ITEMS_MAX: usize = 64;
/// Bytes of one batch. An item alone may be larger, up to [`crate::SEND_BYTES_MAX`].
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Batches under way at once.
pub const BATCHES_IN_FLIGHT: usize = 4;

/// Bytes the tag and length of an item, and the head of a batch, take at most.
const FRAME_BYTES: usize = 8;

/// What became of one item.
pub type Published = Result<v1::PublishProfileResponse, ClientError>;

/// How far a [`Client::publish_all`] has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Items answered, all that came before them included.
    pub done: usize,
    /// How many of them were refused or failed.
    pub failed: usize,
}

impl Client {
    /// Publishes everything the iterator gives, which is read only as fast as it is sent.
    ///
    /// The answers come in the same order. An item without a request id gets one; items that the
    /// service had no room for, or whose outcome is not known, are repeated with the same id. A
    /// batch that fails as a whole is the failure of each of its items, and the rest goes on.
    /// `progress` is told after each batch, in order.
    pub async fn publish_all<I>(
        &self,
        requests: I,
        mut progress: impl FnMut(Progress),
    ) -> Vec<Published>
    where
        I: IntoIterator<Item = v1::PublishProfileRequest>,
    {
        let requests = requests.into_iter().map(|mut request| {
            self.fill_parent(&mut request.parent);
            // Large as a value, and looked ahead at: boxed, what the caller awaits stays small.
            Box::new(request)
        });
        let batches = Batches {
            requests: requests.peekable(),
        };
        let mut answers = Vec::new();
        let mut reached = Progress::default();
        let mut under_way = stream::iter(batches)
            .map(|batch| self.publish_batch(batch))
            .buffered(BATCHES_IN_FLIGHT);
        while let Some(batch) = under_way.next().await {
            reached.done += batch.len();
            reached.failed += batch.iter().filter(|answer| answer.is_err()).count();
            answers.extend(batch);
            progress(reached);
        }
        answers
    }

    /// One batch, and again those of its items that may pass later.
    async fn publish_batch(&self, mut requests: Vec<v1::PublishProfileRequest>) -> Vec<Published> {
        for request in &mut requests {
            if let Err(error) = Kind::write(&mut request.request_id) {
                return vec![Err(error); requests.len()];
            }
        }
        let policy = self.connection.retry;
        let mut answers: Vec<Option<Published>> = vec![None; requests.len()];
        let mut failures = 0;
        loop {
            let open: Vec<usize> = (0..requests.len())
                .filter(|at| answers[*at].as_ref().is_none_or(may_pass_later))
                .collect();
            let batch = open.iter().map(|at| requests[*at].clone()).collect();
            let mut asked_to_wait = Duration::ZERO;
            // What fails as a whole was repeated as a whole already.
            let (told, whole_failed) = match self.send(batch).await {
                Ok(told) => (told, false),
                Err(error) => (vec![Err(error); open.len()], true),
            };
            for (at, mut answer) in open.into_iter().zip(told) {
                if let Err(error) = &mut answer {
                    asked_to_wait = asked_to_wait.max(error.retry_after().unwrap_or_default());
                    if let ClientError::OutcomeUnknown { request_id } = error {
                        *request_id = Some(requests[at].request_id.clone());
                    }
                }
                // An item that may have been done is not said to be undone by a later attempt.
                let before = answers[at].take();
                answers[at] = Some(match (before, answer) {
                    (Some(Err(unknown)), Err(later))
                        if unknown.may_have_been_done() && later.is_retryable() =>
                    {
                        Err(unknown)
                    }
                    (_, answer) => answer,
                });
            }
            failures += 1;
            let again = answers.iter().flatten().any(may_pass_later);
            if !again || whole_failed || failures >= policy.attempts {
                let answers = answers.into_iter().flatten();
                return answers.collect();
            }
            sleep(
                policy
                    .wait(failures)
                    .max(asked_to_wait)
                    .min(self.deadline()),
            )
            .await;
        }
    }

    async fn send(
        &self,
        requests: Vec<v1::PublishProfileRequest>,
    ) -> Result<Vec<Published>, ClientError> {
        let asked = requests.len();
        let parent = requests
            .first()
            .map(|first| first.parent.clone())
            .unwrap_or_default();
        let batch = v1::BatchPublishProfilesRequest { parent, requests };
        let told = self.batch_publish_profiles(batch).await?;
        if told.items.len() != asked {
            return Err(ClientError::Protocol(ProtocolError::Count));
        }
        Ok(told.items.into_iter().map(read_item).collect())
    }
}

fn read_item(item: v1::PublishedItem) -> Published {
    let v1::PublishedItem { published, error } = item;
    match (published, error) {
        (Some(published), None) => Ok(published),
        (_, Some(error)) => Err(error.into()),
        (None, None) => Err(ClientError::Protocol(ProtocolError::Item)),
    }
}

fn may_pass_later(answer: &Published) -> bool {
    answer.as_ref().is_err_and(ClientError::is_retryable)
}

/// Cuts requests into batches within the limits, each of one acting setting.
struct Batches<I: Iterator> {
    requests: Peekable<I>,
}

impl<I: Iterator<Item = Box<v1::PublishProfileRequest>>> Iterator for Batches<I> {
    type Item = Vec<v1::PublishProfileRequest>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.requests.next()?;
        let mut bytes = first.encoded_len() + first.parent.len() + 2 * FRAME_BYTES;
        let mut batch = vec![*first];
        while batch.len() < BATCH_ITEMS_MAX {
            let fits = self.requests.next_if(|next| {
                let larger = bytes + next.encoded_len() + FRAME_BYTES;
                let fits = larger <= BATCH_BYTES_MAX && next.parent == batch[0].parent;
                if fits {
                    bytes = larger;
                }
                fits
            });
            match fits {
                Some(next) => batch.push(*next),
                None => break,
            }
        }
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(parent: &str, bytes: usize) -> v1::PublishProfileRequest {
        v1::PublishProfileRequest {
            parent: parent.to_owned(),
            request_id: "r".repeat(bytes),
            ..Default::default()
        }
    }

    fn sizes(requests: Vec<v1::PublishProfileRequest>) -> Vec<usize> {
        let requests = requests.into_iter().map(Box::new).peekable();
        Batches { requests }.map(|batch| batch.len()).collect()
    }

    #[test]
    fn a_batch_ends_at_its_items_its_bytes_and_its_setting() {
        assert_eq!(sizes(vec![request("a", 10); 130]), [64, 64, 2]);
        assert_eq!(sizes(vec![request("a", 1 << 20); 7]), [3, 3, 1]);
        assert_eq!(sizes(vec![request("a", 5 << 20); 2]), [1, 1]);
        let two = [vec![request("a", 10); 3], vec![request("b", 10); 2]].concat();
        assert_eq!(sizes(two), [3, 2]);
        assert_eq!(sizes(Vec::new()), [] as [usize; 0]);
    }

    #[test]
    fn a_batch_of_several_stays_below_its_bytes() {
        let requests = (0..500).map(|n| Box::new(request("settings/a", 1 + n * 997 % 300_000)));
        for requests in (Batches {
            requests: requests.peekable(),
        }) {
            let count = requests.len();
            let parent = requests[0].parent.clone();
            let batch = v1::BatchPublishProfilesRequest { parent, requests };
            assert!(count == 1 || batch.encoded_len() <= BATCH_BYTES_MAX);
        }
    }
}
